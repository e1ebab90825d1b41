import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible"

const WINDOW_SECONDS = 15 * 60
/** Wrong passwords for one email from one address. */
const PER_PAIR = 10
/** Wrong passwords from one address, whatever the email. A success does not give any back. */
const PER_ADDRESS = 100

/** Counts failed sign-ins, so that passwords cannot be guessed by the thousand. Kept in this process. */
export type SignInLimits = {
  /** Seconds until this email may be tried again from this address; 0: now. */
  secondsToWait(email: string, address: string): Promise<number>
  noteFailure(email: string, address: string): Promise<void>
}

export function createSignInLimits(): SignInLimits {
  const pairs = new RateLimiterMemory({ points: PER_PAIR, duration: WINDOW_SECONDS })
  const addresses = new RateLimiterMemory({ points: PER_ADDRESS, duration: WINDOW_SECONDS })
  const pairOf = (email: string, address: string) => `${address} ${email}`

  return {
    secondsToWait: async (email, address) => {
      const [pair, all] = await Promise.all([pairs.get(pairOf(email, address)), addresses.get(address)])
      const waits = [
        pair !== null && pair.consumedPoints >= PER_PAIR ? pair.msBeforeNext : 0,
        all !== null && all.consumedPoints >= PER_ADDRESS ? all.msBeforeNext : 0,
      ]
      return Math.ceil(Math.max(...waits) / 1000)
    },
    noteFailure: async (email, address) => {
      const counted = await Promise.allSettled([
        pairs.consume(pairOf(email, address)),
        addresses.consume(address),
      ])
      for (const count of counted) {
        // A count over its limit is told by rejecting with the count.
        if (count.status === "rejected" && !(count.reason instanceof RateLimiterRes)) throw count.reason
      }
    },
  }
}
