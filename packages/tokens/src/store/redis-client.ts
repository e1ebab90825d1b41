import { createClient, type RedisScripts } from "@redis/client"
import { StoreUnavailableError } from "../errors.ts"

/** How long an operation may take before the caller is told that nothing is known. */
const COMMAND_LIMIT_MS = 500
const CONNECT_LIMIT_MS = 2_000
const RECONNECT_LIMIT_MS = 1_000

/** A connection with scripts of its own. */
export type RedisClient<Scripts extends RedisScripts> = ReturnType<
  typeof createClient<Record<never, never>, Record<never, never>, Scripts>
>

/**
 * Connects to one Redis server. Commands are never queued while the connection is down; it is made anew by itself.
 * @param options.url `redis[s]://[[user][:password]@]host[:port][/database]`
 * @param options.onError told of connection troubles; the message carries no credential
 * @throws StoreUnavailableError where the server cannot be reached within two seconds
 */
export async function connectToRedis<Scripts extends RedisScripts>(options: {
  url: string
  scripts: Scripts
  onError?: ((error: Error) => void) | undefined
}): Promise<RedisClient<Scripts>> {
  const { url, scripts, onError } = options
  const client = createClient<Record<never, never>, Record<never, never>, Scripts>({
    url,
    scripts,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
    socket: {
      connectTimeout: CONNECT_LIMIT_MS,
      reconnectStrategy: (retries) => Math.min(25 * 2 ** Math.min(retries, 10), RECONNECT_LIMIT_MS),
    },
  })
  client.on("error", (error: Error) => onError?.(error))
  try {
    await within(CONNECT_LIMIT_MS, client.connect())
    return client
  } catch (error) {
    client.destroy()
    throw new StoreUnavailableError(error)
  }
}

/** Lets what is under way finish, within the time limit of a command. */
export async function closeRedis(client: {
  isOpen: boolean
  close(): Promise<unknown>
  destroy(): void
}): Promise<void> {
  if (!client.isOpen) return
  await within(COMMAND_LIMIT_MS, client.close()).catch(() => client.destroy())
}

/**
 * The reply of a command, within 500 ms.
 * @throws StoreUnavailableError whatever goes wrong: nothing is known of what happened
 */
export async function answered<T>(reply: Promise<T>): Promise<T> {
  try {
    return await within(COMMAND_LIMIT_MS, reply)
  } catch (error) {
    throw new StoreUnavailableError(error)
  }
}

async function within<T>(limitMs: number, reply: Promise<T>): Promise<T> {
  const { promise: limit, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    // Where this process was held up itself, the reply may lie there unread: it is read before the next immediate.
    setImmediate(() => reject(new Error(`no answer from Redis within ${limitMs} ms`)))
  }, limitMs)
  try {
    return await Promise.race([reply, limit])
  } finally {
    clearTimeout(timer)
  }
}
