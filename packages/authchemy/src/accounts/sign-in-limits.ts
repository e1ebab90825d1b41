import { isIPv6 } from "node:net"
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible"

const WINDOW_SECONDS = 15 * 60
/** Wrong passwords for one email from one address. */
const PER_PAIR = 10
/** Wrong passwords and new accounts from one address, whatever the email. */
const PER_ADDRESS = 100

/** An attempt that may be made, or how long to wait. */
export type Admission =
  | {
      admitted: true
      /** Takes this attempt, and none before it, off the counts: it was no wrong password. */
      giveBack(): Promise<void>
    }
  | { admitted: false; retryAfterSeconds: number }

/**
 * Counts attempts, so that passwords and emails cannot be guessed by the thousand. An attempt is counted before it is made: attempts at
 * the same moment do not slip through together. The counts are this process's own.
 */
export type SignInLimits = {
  admitSignIn(email: string, address: string): Promise<Admission>
  /** Making an account tells whether an email is taken; it counts for the address, whatever becomes of it. */
  admitSignUp(address: string): Promise<Admission>
}

export function createSignInLimits(): SignInLimits {
  const pairs = new RateLimiterMemory({ points: PER_PAIR, duration: WINDOW_SECONDS })
  const addresses = new RateLimiterMemory({ points: PER_ADDRESS, duration: WINDOW_SECONDS })

  return {
    admitSignIn: async (email, address) => {
      const network = networkOf(address)
      const pair = await admit(pairs, `${network} ${email}`)
      if (!pair.admitted) return pair
      const all = await admit(addresses, network)
      if (!all.admitted) {
        await pair.giveBack()
        return all
      }
      return {
        admitted: true,
        giveBack: async () => {
          await Promise.all([pair.giveBack(), all.giveBack()])
        },
      }
    },
    admitSignUp: (address) => admit(addresses, networkOf(address)),
  }
}

async function admit(limiter: RateLimiterMemory, key: string): Promise<Admission> {
  const giveBack = async () => {
    await limiter.reward(key)
  }
  try {
    await limiter.consume(key)
    return { admitted: true, giveBack }
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal
    await giveBack()
    return { admitted: false, retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)) }
  }
}

/** An IPv6 address stands for its /64: whoever has one of its addresses has them all (RFC 6177 §2). */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const canonical = new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1)
  const [head = [], tail = []] = canonical.split("::").map((part) => part.split(":").filter(Boolean))
  const zeros = Array<string>(8 - head.length - tail.length).fill("0")
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(":")}::/64`
}
