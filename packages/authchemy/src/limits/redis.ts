import { StoreUnavailableError } from "@authchemy/tokens"
import { createClient } from "@redis/client"
import { RateLimiterRedis } from "rate-limiter-flexible"
import { limiterOf, type RateLimits } from "./rate-limiter.ts"

/** How long an operation may take before the caller is told that nothing is known. */
const COMMAND_LIMIT_MS = 500
const CONNECT_LIMIT_MS = 2_000
const RECONNECT_LIMIT_MS = 1_000

/**
 * Counts on one Redis server, for all servers that share it, under `<prefix>l:<name>:<digest>`. Commands are never queued while the connection is
 * down, and each is given up after 500 ms. The connection is made anew by itself.
 *
 * @param options.url `redis[s]://[[user][:password]@]host[:port][/database]`
 * @param options.prefix in front of every key
 * @param options.onError told of connection troubles, and of attempts that could not be given back
 * @throws StoreUnavailableError where the server cannot be reached
 */
export async function openRedisRateLimits(options: {
  url: string
  onError: (error: Error) => void
  prefix?: string
}): Promise<RateLimits> {
  const { url, onError, prefix = "authchemy:" } = options
  const client = createClient({
    url,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
    socket: {
      connectTimeout: CONNECT_LIMIT_MS,
      reconnectStrategy: (retries) => Math.min(25 * 2 ** Math.min(retries, 10), RECONNECT_LIMIT_MS),
    },
  })
  client.on("error", onError)
  await within(CONNECT_LIMIT_MS, client.connect()).catch((error: unknown) => {
    client.destroy()
    throw error
  })
  /** All that the library asks of a client, with a time limit. */
  const storeClient = {
    eval: (...command: Parameters<typeof client.eval>) => within(COMMAND_LIMIT_MS, client.eval(...command)),
  }

  return {
    open: ({ name, points, durationSeconds: duration }) => {
      const keyPrefix = `${prefix}l:${name}`
      return limiterOf(
        new RateLimiterRedis({ storeClient, useRedisPackage: true, keyPrefix, points, duration }),
        onError,
      )
    },

    close: async () => {
      if (!client.isOpen) return
      await within(COMMAND_LIMIT_MS, client.close()).catch(() => client.destroy())
    },
  }
}

/** @throws StoreUnavailableError where there is an error, or no answer within the time limit: nothing is known of what happened */
async function within<T>(limitMs: number, reply: Promise<T>): Promise<T> {
  const { promise: limit, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer from Redis within ${limitMs} ms`)), limitMs)
  try {
    return await Promise.race([reply, limit])
  } catch (error) {
    throw new StoreUnavailableError(error)
  } finally {
    clearTimeout(timer)
  }
}
