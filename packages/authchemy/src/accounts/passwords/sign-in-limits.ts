import { networkOf } from "../../limits/network.ts"
import { type Admission, admitByAll, type OpenRateLimiter } from "../../limits/rate-limiter.ts"

const WINDOW_SECONDS = 15 * 60
/** Wrong passwords for one email from one address. */
const PER_PAIR = 10
/** Wrong passwords and new accounts from one address, whatever the email. */
const PER_ADDRESS = 100

/** Counts attempts, so that passwords and emails cannot be guessed by the thousand. */
export type SignInLimits = {
  /** @throws StoreUnavailableError */
  admitSignIn(email: string, address: string): Promise<Admission>
  /**
   * Making an account tells whether an email is taken; it counts for the address, whatever becomes of it.
   * @throws StoreUnavailableError
   */
  admitSignUp(address: string): Promise<Admission>
}

export function createSignInLimits(open: OpenRateLimiter): SignInLimits {
  const pairs = open({ name: "sign-in", points: PER_PAIR, durationSeconds: WINDOW_SECONDS })
  const addresses = open({ name: "sign-in-address", points: PER_ADDRESS, durationSeconds: WINDOW_SECONDS })

  return {
    admitSignIn: (email, address) => {
      const network = networkOf(address)
      return admitByAll([
        { limiter: pairs, key: `${network} ${email}` },
        { limiter: addresses, key: network },
      ])
    },
    admitSignUp: (address) => addresses.admit(networkOf(address)),
  }
}
