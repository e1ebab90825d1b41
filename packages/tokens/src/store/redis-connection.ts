import { createClient } from "@redis/client"
import { StoreUnavailableError } from "../errors.ts"
import { deviceScripts } from "./redis-device-scripts.ts"
import { scripts as sessionScripts } from "./redis-scripts.ts"

/** How long an operation may take before the caller is told that nothing is known. */
const COMMAND_LIMIT_MS = 500
const CONNECT_LIMIT_MS = 2_000
const RECONNECT_LIMIT_MS = 1_000

const scripts = { ...sessionScripts, ...deviceScripts }

/** A connection with the store's scripts. */
export type RedisConnection = ReturnType<
  typeof createClient<Record<never, never>, Record<never, never>, typeof scripts>
>

/**
 * Connects to one Redis server. Commands are never queued while the connection is down; it is made anew by itself.
 * @throws StoreUnavailableError where the server cannot be reached, or evicts keys
 */
export async function connectToRedis(options: {
  url: string
  onError?: (error: Error) => void
}): Promise<RedisConnection> {
  const client = createClient({
    url: options.url,
    scripts,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
    socket: {
      connectTimeout: CONNECT_LIMIT_MS,
      reconnectStrategy: (retries) => Math.min(25 * 2 ** Math.min(retries, 10), RECONNECT_LIMIT_MS),
    },
  })
  client.on("error", (error: Error) => options.onError?.(error))
  try {
    await within(CONNECT_LIMIT_MS, client.connect())
    await refuseEviction(client)
  } catch (error) {
    client.destroy()
    throw error instanceof StoreUnavailableError ? error : new StoreUnavailableError(error)
  }
  return client
}

/** Lets what is under way finish, within the time limit of a command. */
export async function closeRedis(client: RedisConnection): Promise<void> {
  if (!client.isOpen) return
  await within(COMMAND_LIMIT_MS, client.close()).catch(() => client.destroy())
}

/** A cache may forget; a store of sessions and used codes may not. */
async function refuseEviction(client: RedisConnection): Promise<void> {
  const memory = await within(COMMAND_LIMIT_MS, client.info("memory"))
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? "unknown"
  if (policy !== "noeviction") {
    throw new StoreUnavailableError(
      new Error(
        `Redis evicts keys (maxmemory-policy ${policy}), so it would forget sessions and used codes; ` +
          "set it to noeviction: redis-cli CONFIG SET maxmemory-policy noeviction",
      ),
    )
  }
}

/** Within the time limit, or the store is unavailable: whatever goes wrong, nothing is known of what happened. */
export async function answered<T>(reply: Promise<T>): Promise<T> {
  try {
    return await within(COMMAND_LIMIT_MS, reply)
  } catch (error) {
    throw new StoreUnavailableError(error)
  }
}

async function within<T>(limitMs: number, reply: Promise<T>): Promise<T> {
  const { promise: limit, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer from Redis within ${limitMs} ms`)), limitMs)
  try {
    return await Promise.race([reply, limit])
  } finally {
    clearTimeout(timer)
  }
}
