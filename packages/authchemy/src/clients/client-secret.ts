import { timingSafeEqual } from "node:crypto"
import { digestOf } from "@authchemy/tokens"
import type { Client } from "./client.ts"

/**
 * Mints the secret of a confidential client: `alchemy_cs_` + 43 characters of base64url.
 * @param randomBytes a cryptographically secure source; 32 bytes (256 bits) are taken
 */
export function mintClientSecret(randomBytes: (size: number) => Uint8Array): string {
  return `alchemy_cs_${Buffer.from(randomBytes(32)).toString("base64url")}`
}

/** Whether a secret is the client's own. Digests are compared, in constant time; a public client has none that could match. */
export function verifySecret(client: Client, secret: string): boolean {
  if (client.secretDigest === null) return false
  const given = Buffer.from(digestOf(secret))
  const expected = Buffer.from(client.secretDigest)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/**
 * What stands against a secret that an operator chose, as the end of a sentence ("must …"), or `null`. A digest keeps only what cannot be
 * guessed, hence the length; the characters are those of RFC 6749 appendix A.2 without the space.
 */
export function clientSecretProblem(secret: string): string | null {
  if (/^[\x21-\x7e]{32,256}$/.test(secret)) return null
  return "must have 32 to 256 characters of printable ASCII without spaces; for example: openssl rand -base64 32"
}
