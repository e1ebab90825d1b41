import { createHash } from "node:crypto"

/** 43 to 128 characters of the unreserved set (RFC 7636 §4.1). */
const CODE_VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/
/**
 * base64url of 32 bytes, no padding (RFC 7636 §4.2). The last of the 43 characters carries two bits less, so only
 * sixteen letters can stand there; any other would be a second spelling of the same digest.
 */
const CODE_CHALLENGE = /^[A-Za-z0-9\-_]{42}[AEIMQUYcgkosw048]$/

/** Makes a code verifier from 32 random bytes: 43 characters, 256 bits (RFC 7636 §4.1). */
export function codeVerifierFrom(randomBytes: (size: number) => Uint8Array): string {
  return Buffer.from(randomBytes(32)).toString("base64url")
}

/** The S256 challenge of a verifier: base64url of its SHA-256, 43 characters (RFC 7636 §4.2). */
export function codeChallengeOf(codeVerifier: string): string {
  return createHash("sha256").update(codeVerifier, "utf8").digest("base64url")
}

/** Whether a text has the form of a code verifier (RFC 7636 §4.1). */
export function isCodeVerifier(text: string): boolean {
  return CODE_VERIFIER.test(text)
}

/** Whether a text has the form of an S256 code challenge (RFC 7636 §4.2): 43 characters, no padding. */
export function isCodeChallenge(text: string): boolean {
  return CODE_CHALLENGE.test(text)
}
