import { networkOf } from "./network.ts"
import type { Admission, OpenRateLimiter } from "./rate-limiter.ts"

const WINDOW_SECONDS = 10 * 60

/** Counts requests that make the server keep something for whoever asks, by where they come from. */
export type KeptRequestLimits = {
  /**
   * @param address an IPv6 address counts as its /64
   * @throws StoreUnavailableError
   */
  admitRequest(address: string): Promise<Admission>
}

/** What programs ask for: device authorization (RFC 8628 §3.1) and pushed requests (RFC 9126 §2), both together 100 in 600 seconds from one address. */
export function createProgramRequestLimits(open: OpenRateLimiter): KeptRequestLimits {
  return limitsOf(open, "device-request", 100)
}

/** What people begin at the pages: sign-ins by passkey or with a provider, 300 in 600 seconds from one address, for an office may come from one. */
export function createSignInAttemptLimits(open: OpenRateLimiter): KeptRequestLimits {
  return limitsOf(open, "sign-in-attempt", 300)
}

function limitsOf(open: OpenRateLimiter, name: string, points: number): KeptRequestLimits {
  const addresses = open({ name, points, durationSeconds: WINDOW_SECONDS })
  return { admitRequest: (address) => addresses.admit(networkOf(address)) }
}
