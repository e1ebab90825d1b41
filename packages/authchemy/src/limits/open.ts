import { createMemoryRateLimits } from "./memory.ts"
import type { RateLimits } from "./rate-limiter.ts"
import { type ChangeCount, createRateLimitsElsewhere } from "./shared-counts.ts"

/**
 * Opens the counts that the options name: on Redis, shared by all servers, where there is a URL, else where the counts are kept for several
 * processes, else in this process. Redis is loaded only where it is used.
 * @param options.redisUrl `redis[s]://…`, or `null`
 * @param options.changeCount asks whoever counts for several processes
 * @param options.onError told of connection troubles that mend themselves, and of attempts that could not be given back
 * @throws StoreUnavailableError
 */
export async function openRateLimits(options: {
  redisUrl: string | null
  changeCount?: ChangeCount | undefined
  onError: (error: Error) => void
}): Promise<RateLimits> {
  const { redisUrl: url, changeCount, onError } = options
  if (url === null) {
    return changeCount === undefined
      ? createMemoryRateLimits()
      : createRateLimitsElsewhere(changeCount, onError)
  }
  const { openRedisRateLimits } = await import("./redis.ts")
  return openRedisRateLimits({ url, onError })
}
