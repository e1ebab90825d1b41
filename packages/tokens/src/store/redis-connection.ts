import { StoreUnavailableError } from "../errors.ts"
import { answered, connectToRedis, type RedisClient } from "./redis-client.ts"
import { deviceScripts } from "./redis-device-scripts.ts"
import { scripts as sessionScripts } from "./redis-scripts.ts"

const scripts = { ...sessionScripts, ...deviceScripts }

/** A connection with the store's scripts. */
export type RedisConnection = RedisClient<typeof scripts>

/**
 * Connects the store to a Redis server.
 * @throws StoreUnavailableError where the server cannot be reached, or evicts keys
 */
export async function connectStore(options: {
  url: string
  onError?: (error: Error) => void
}): Promise<RedisConnection> {
  const client = await connectToRedis({ ...options, scripts })
  try {
    await refuseEviction(client)
    return client
  } catch (error) {
    client.destroy()
    throw error
  }
}

/** A cache may forget; a store of sessions and used codes may not. */
async function refuseEviction(client: RedisConnection): Promise<void> {
  const memory = await answered(client.info("memory"))
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
