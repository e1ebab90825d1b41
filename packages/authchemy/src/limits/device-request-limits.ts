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

export function createDeviceRequestLimits(open: OpenRateLimiter): DeviceRequestLimits {
  const addresses = open({ name: "device-request", points: PER_ADDRESS, durationSeconds: WINDOW_SECONDS })
  return { admitRequest: (address) => addresses.admit(networkOf(address)) }
}
