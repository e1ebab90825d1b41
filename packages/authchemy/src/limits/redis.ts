import { connectToRedis } from "@authchemy/tokens/redis"
import { RateLimiterRedis } from "rate-limiter-flexible"
import { limiterOf, type RateLimits } from "./rate-limiter.ts"

/**
 * Counts on Redis, for all servers that share it, under `<prefix>l:<name>:<digest>`. Commands are never queued while the connection is down, and each is
 * given up after 500 ms. The connection is made anew by itself.
 *
 * @param options.url one server, Sentinel or Cluster: see `parseRedisUrl` of `@authchemy/tokens/redis`
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
  const client = await connectToRedis({ url, scripts: {}, onError })
  /** All that the library asks of a client: a script with one key. */
  const storeClient = { eval: client.eval }
  return {
    open: ({ name, points, durationSeconds: duration }) => {
      const keyPrefix = `${prefix}l:${name}`
      return limiterOf(
        new RateLimiterRedis({ storeClient, useRedisPackage: true, keyPrefix, points, duration }),
        onError,
      )
    },
    close: client.close,
  }
}
