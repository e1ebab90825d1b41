import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible"
import { limiterOf, type OpenRateLimiter, type RateLimits } from "./rate-limiter.ts"

/** An attempt that is put on a count (`by` 1), or taken off it (−1). Names the limiter, so that whoever counts need not know it before. */
export type CountChange = Parameters<OpenRateLimiter>[0] & {
  /** A digest: see `limiterOf`. */
  key: string
  by: 1 | -1
}

/** What became of it; the time is what is left of the window, in milliseconds. */
export type Counted = { admitted: boolean; msBeforeNext: number }

/** Changes a count that is kept somewhere else. @throws Error where it is not known whether it was changed */
export type ChangeCount = (change: CountChange) => Promise<Counted>

/** Counts in this process's memory, for others that ask. */
export function createSharedCounts(): ChangeCount {
  const counters = new Map<string, RateLimiterMemory>()
  return async ({ name, points, durationSeconds: duration, key, by }) => {
    const counter = counters.get(name) ?? new RateLimiterMemory({ points, duration })
    counters.set(name, counter)
    try {
      const { msBeforeNext } = await (by === 1 ? counter.consume(key) : counter.reward(key))
      return { admitted: true, msBeforeNext }
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      return { admitted: false, msBeforeNext: refusal.msBeforeNext }
    }
  }
}

/**
 * Counts where somebody else keeps the counts. Where that cannot be asked, nothing is admitted: `StoreUnavailableError`.
 * @param onError told of attempts that could not be given back
 */
export function createRateLimitsElsewhere(
  changeCount: ChangeCount,
  onError: (error: Error) => void,
): RateLimits {
  return {
    open: (limiter) =>
      limiterOf(
        {
          consume: async (key) => {
            const { admitted, msBeforeNext } = await changeCount({ ...limiter, key, by: 1 })
            if (!admitted) throw new RateLimiterRes(0, msBeforeNext)
            return { msBeforeNext }
          },
          reward: (key) => changeCount({ ...limiter, key, by: -1 }),
        },
        onError,
      ),
    close: async () => {},
  }
}
