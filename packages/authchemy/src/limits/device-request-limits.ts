import { networkOf } from "./network.ts"
import type { Admission, OpenRateLimiter } from "./rate-limiter.ts"

const PER_ADDRESS = 100
const WINDOW_SECONDS = 10 * 60

/** Counts requests that make the server keep something for whoever asks: device authorization (RFC 8628 §3.1) and pushed ones (RFC 9126 §2). */
export type DeviceRequestLimits = {
  /**
   * 100 in 600 seconds from one address (IPv6: from its /64), both kinds together.
   * @throws StoreUnavailableError
   */
  admitRequest(address: string): Promise<Admission>
}

/**
 * Counts what people begin at the pages and the server keeps for them: sign-ins by passkey or with a provider. 300 in 600 seconds from one address, for an office
 * may come from one.
 */
export function createAttemptLimits(open: OpenRateLimiter): DeviceRequestLimits {
  const addresses = open({ name: "sign-in-attempt", points: 300, durationSeconds: WINDOW_SECONDS })
  return { admitRequest: (address) => addresses.admit(networkOf(address)) }
}

export function createDeviceRequestLimits(open: OpenRateLimiter): DeviceRequestLimits {
  const addresses = open({ name: "device-request", points: PER_ADDRESS, durationSeconds: WINDOW_SECONDS })
  return { admitRequest: (address) => addresses.admit(networkOf(address)) }
}
