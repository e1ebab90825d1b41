import { networkOf, siteOf } from "../../limits/network.ts"
import {
  type Admission,
  admitByAll,
  type OpenRateLimiter,
  type RateLimiter,
} from "../../limits/rate-limiter.ts"
import type { KnownNetworks } from "./known-networks.ts"

const WINDOW_SECONDS = 15 * 60
/** Wrong passwords for one email from one address. */
const PER_PAIR = 10
/** Wrong passwords and new accounts from one address, whatever the email. */
const PER_ADDRESS = 100
/** The same from one /48 of IPv6 addresses. */
const PER_SITE = 300
/** Wrong passwords for one email, from wherever. Then only networks count where its account has signed in before: its owner is not kept out by others. */
const PER_EMAIL = 100

/** Counts attempts, so that passwords and emails cannot be guessed by the thousand. */
export type SignInLimits = {
  /** Answers the same whether or not the email has an account. @throws StoreUnavailableError */
  admitSignIn(email: string, address: string): Promise<Admission>
  /**
   * Making an account tells whether an email is taken; it counts for the address, whatever becomes of it.
   * @throws StoreUnavailableError
   */
  admitSignUp(address: string): Promise<Admission>
}

export function createSignInLimits(open: OpenRateLimiter, known: KnownNetworks): SignInLimits {
  const limiter = (name: string, points: number) => open({ name, points, durationSeconds: WINDOW_SECONDS })
  const pairs = limiter("sign-in", PER_PAIR)
  const addresses = limiter("sign-in-address", PER_ADDRESS)
  const sites = limiter("sign-in-site", PER_SITE)
  const emails = limiter("sign-in-email", PER_EMAIL)

  const byAddress = (address: string) => {
    const site = siteOf(address)
    const counts = [{ limiter: addresses, key: networkOf(address) }]
    return site === null ? counts : [...counts, { limiter: sites, key: site }]
  }
  const emailsButFrom = (address: string): RateLimiter => ({
    admit: async (email) => {
      const admission = await emails.admit(email)
      if (admission.admitted || !(await known.hasSignedInFrom(email, address))) return admission
      return { admitted: true, giveBack: async () => {} }
    },
  })

  return {
    admitSignIn: (email, address) =>
      admitByAll([
        { limiter: pairs, key: `${networkOf(address)} ${email}` },
        ...byAddress(address),
        { limiter: emailsButFrom(address), key: email },
      ]),
    admitSignUp: (address) => admitByAll(byAddress(address)),
  }
}
