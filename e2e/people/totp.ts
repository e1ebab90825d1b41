import { createHmac } from "node:crypto"

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/**
 * The code that an authenticator app shows (RFC 6238: SHA-1, six digits, 30 seconds).
 * @param secret base32, as a page shows it
 * @param at milliseconds since the epoch
 */
export function totpOf(secret: string, at = Date.now()): string {
  const bits = Array.from(secret.replace(/[\s=]/g, "").toUpperCase(), (character) =>
    ALPHABET.indexOf(character).toString(2).padStart(5, "0"),
  ).join("")
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)))
  const digest = createHmac("sha1", key).update(counter).digest()
  const offset = (digest.at(-1) ?? 0) & 0xf
  const number = digest.readUInt32BE(offset) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, "0")
}
