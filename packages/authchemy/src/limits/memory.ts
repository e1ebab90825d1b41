import { RateLimiterMemory } from "rate-limiter-flexible"
import { limiterOf, type RateLimiter, type RateLimits } from "./rate-limiter.ts"

/** Counts in this process's memory, for as long as it runs. */
export function createMemoryRateLimits(): RateLimits {
  const limiters = new Map<string, RateLimiter>()
  return {
    open: ({ name, points, durationSeconds: duration }) => {
      const limiter = limiters.get(name) ?? limiterOf(new RateLimiterMemory({ points, duration }), () => {})
      limiters.set(name, limiter)
      return limiter
    },
    close: async () => limiters.clear(),
  }
}
