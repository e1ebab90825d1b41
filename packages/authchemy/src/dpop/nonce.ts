import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto"

/** How long a nonce is accepted, in milliseconds. */
export const NONCE_LIFETIME_MS = 5 * 60 * 1000
/** How far ahead of this server's clock that of the server that made a nonce may be, in milliseconds. */
const CLOCK_SKEW_MS = 60 * 1000
const TIME_BYTES = 6
/** 144 bits; with the time that is 24 bytes, which base64url spells in one way only. */
const MAC_BYTES = 18
const NONCE = /^[A-Za-z0-9_-]{32}$/

/** Nonces for DPoP proofs (RFC 9449 §8). Nothing of them is kept: what a nonce says is when it was made, and a MAC. */
export type Nonces = {
  /** A nonce for the `DPoP-Nonce` header: 32 characters of base64url. */
  issue(): string
  /** Whether a server with the same secret made it within the last five minutes. */
  accepts(nonce: string): boolean
}

/**
 * @param options.secret the server's secret; the key is derived from it for this purpose alone (HKDF, RFC 5869) and
 *   authenticates with HMAC-SHA-256, cut to 144 bits
 * @param options.now milliseconds since the epoch
 */
export function createNonces(options: { secret: string; now: () => number }): Nonces {
  const { secret, now } = options
  const key = Buffer.from(hkdfSync("sha256", secret, "", "authchemy dpop nonce", 32))
  const macOf = (time: Buffer) => createHmac("sha256", key).update(time).digest().subarray(0, MAC_BYTES)

  return {
    issue() {
      const time = Buffer.alloc(TIME_BYTES)
      time.writeUIntBE(now(), 0, TIME_BYTES)
      return Buffer.concat([time, macOf(time)]).toString("base64url")
    },

    accepts(nonce) {
      if (!NONCE.test(nonce)) return false
      const bytes = Buffer.from(nonce, "base64url")
      const time = bytes.subarray(0, TIME_BYTES)
      if (!timingSafeEqual(bytes.subarray(TIME_BYTES), macOf(time))) return false
      const age = now() - time.readUIntBE(0, TIME_BYTES)
      return age >= -CLOCK_SKEW_MS && age <= NONCE_LIFETIME_MS
    },
  }
}
