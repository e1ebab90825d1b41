import { createMemoryRateLimits } from "./memory.ts"
import type { RateLimits } from "./rate-limiter.ts"

/**
 * Opens the counts that the options name: on Redis, shared by all servers, where there is a URL, else in this process. Redis is
 * loaded only where it is used.
 * @param options.redisUrl `redis[s]://…`, or `null`
 * @param options.onError told of connection troubles that mend themselves
 * @throws StoreUnavailableError
 */
export async function openRateLimits(options: {
  redisUrl: string | null
  onError: (error: Error) => void
}): Promise<RateLimits> {
  const { redisUrl: url, onError } = options
  if (url === null) return createMemoryRateLimits()
  const { openRedisRateLimits } = await import("./redis.ts")
  return openRedisRateLimits({ url, onError })
}
