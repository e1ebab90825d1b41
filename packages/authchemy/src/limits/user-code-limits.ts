import { DEVICE_CODE_LIFETIME_SECONDS } from "@authchemy/protocol"
import { networkOf } from "./network.ts"
import { type Admission, admitByAll, type OpenRateLimiter } from "./rate-limiter.ts"

/** Wrong user codes from one account, and from one address, in a window as long as a code's life. */
export const GUESSES_EACH = 3
/** Wrong user codes in such a window, whoever types them. */
export const GUESSES_ALTOGETHER = 100

/** Counts wrong user codes (RFC 8628 §5.1). */
export type UserCodeLimits = {
  /**
   * Counts a guess before it is looked up. Where the code turns out right, give it back: that takes off this guess and none of the wrong ones
   * before it.
   * @throws StoreUnavailableError
   */
  admitGuess(accountId: string, address: string): Promise<Admission>
}

/**
 * In a window of 600 seconds: 3 wrong codes an account, 3 an address (IPv6: a /64), 100 altogether. In the life of any code those are 5, 5 and 199 at the
 * most.
 *
 * There are 20⁸ user codes (34.6 bits). One account, or one address, finds one certain live code with a probability of 5 / 20⁸, which is
 * under 2⁻³². Whoever has 40 of both, or more, is held by the overall limit alone: with N codes live at a time, some code of somebody is
 * found in its life with a probability of up to 199 × N / 20⁸, that is N × 2⁻²⁶·⁹; for N = 1,000 it is one in 128,000. Who finds a
 * code can deny it, or sign that device in to the finder's own account. The price of the overall limit: 34 accounts at 34 addresses
 * can keep everybody from typing codes, for as long as they go on.
 */
export function createUserCodeLimits(open: OpenRateLimiter): UserCodeLimits {
  const durationSeconds = DEVICE_CODE_LIFETIME_SECONDS
  const accounts = open({ name: "user-code-account", points: GUESSES_EACH, durationSeconds })
  const addresses = open({ name: "user-code-address", points: GUESSES_EACH, durationSeconds })
  const all = open({ name: "user-code", points: GUESSES_ALTOGETHER, durationSeconds })

  return {
    admitGuess: (accountId, address) =>
      admitByAll([
        { limiter: accounts, key: accountId },
        { limiter: addresses, key: networkOf(address) },
        { limiter: all, key: "all" },
      ]),
  }
}
