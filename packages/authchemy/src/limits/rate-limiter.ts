import { createHash } from "node:crypto"
import { StoreUnavailableError } from "@authchemy/tokens"
import { RateLimiterRes } from "rate-limiter-flexible"

/** An attempt that may be made, or how long to wait. */
export type Admission =
  | {
      admitted: true
      /**
       * Takes this attempt, and none before or after it, off the count. Never rejects: where the count is out of reach, the attempt stays on
       * it.
       */
      giveBack(): Promise<void>
    }
  | { admitted: false; retryAfterSeconds: number }

/**
 * Admits so many attempts within a window of so many seconds, which begins with the first attempt: a span of that length can reach into two windows, and
 * so hold up to twice as many, less one. An attempt counts before it is made: attempts at the same moment do not slip through
 * together. One that is refused makes the wait no longer.
 */
export type RateLimiter = {
  /**
   * @param key what is counted, in clear; no store keeps it in clear
   * @throws StoreUnavailableError where the count is out of reach
   */
  admit(key: string): Promise<Admission>
}

/**
 * @param options.name one name, one count: two limiters with the same one are the same
 * @param options.points how many attempts
 * @param options.durationSeconds within how many seconds
 */
export type OpenRateLimiter = (options: {
  name: string
  points: number
  durationSeconds: number
}) => RateLimiter

/** Where attempts are counted. */
export type RateLimits = { open: OpenRateLimiter; close(): Promise<void> }

/** What counts: `rate-limiter-flexible`, in memory or on Redis, or another process by way of it. A refusal is thrown as a `RateLimiterRes`. */
type Counter = {
  consume(key: string): Promise<Pick<RateLimiterRes, "msBeforeNext">>
  reward(key: string): Promise<unknown>
}

/**
 * Admits by a counter of `rate-limiter-flexible`. Keys are counted under their SHA-256 digest, so that no email and no address stands in a store in clear.
 * @param onError told of attempts that could not be given back
 */
export function limiterOf(counter: Counter, onError: (error: Error) => void): RateLimiter {
  return {
    admit: async (clearKey) => {
      const key = createHash("sha256").update(clearKey).digest("base64url")
      const before = Date.now()
      try {
        const { msBeforeNext } = await counter.consume(key)
        const reward = () => counter.reward(key).then(() => {}, onError)
        return { admitted: true, giveBack: onceUntil(before + msBeforeNext, reward) }
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw unavailable(refusal)
        // Not given back: that could come when the window is over, and open the next one with attempts to spare.
        return { admitted: false, retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)) }
      }
    },
  }
}

/** At most once, and not when the window is over: in the next one nothing is to be given back. */
function onceUntil(end: number, work: () => Promise<void>): () => Promise<void> {
  let done = false
  return async () => {
    if (done || Date.now() >= end) return
    done = true
    await work()
  }
}

function unavailable(cause: unknown): StoreUnavailableError {
  return cause instanceof StoreUnavailableError ? cause : new StoreUnavailableError(cause)
}

/**
 * Counts an attempt by several keys. Where one of them refuses it, or cannot tell, it counts by none.
 * @throws StoreUnavailableError
 */
export async function admitByAll(
  counts: readonly { limiter: RateLimiter; key: string }[],
): Promise<Admission> {
  const taken: (() => Promise<void>)[] = []
  const giveBack = async () => {
    await Promise.all(taken.map((giveOneBack) => giveOneBack()))
  }
  try {
    for (const { limiter, key } of counts) {
      const admission = await limiter.admit(key)
      if (!admission.admitted) {
        await giveBack()
        return admission
      }
      taken.push(admission.giveBack)
    }
  } catch (fault) {
    await giveBack()
    throw fault
  }
  return { admitted: true, giveBack }
}
