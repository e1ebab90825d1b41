import { createHash, createHmac } from "node:crypto"
import { formatToken, mintToken, parseToken, SECRET_BYTES, secretOf } from "./token-format.ts"

/**
 * A refresh token's 32 secret bytes are two halves: 16 random bytes that all refresh tokens of a session share (its family), and 16 that are
 * new with each rotation. So any refresh token of a session, however old, leads to it, and a replay is known as one without keeping a
 * list of what has been used. Whoever holds an old one can end the session with it, and cannot guess the 128 bits of the one that is good.
 */
const FAMILY_BYTES = SECRET_BYTES / 2

/** The first refresh token of a new family, of 32 random bytes. */
export function mintRefreshToken(accountId: string, randomBytes: (size: number) => Uint8Array): string {
  return mintToken("rt", accountId, randomBytes)
}

/** What can be read of a refresh token without a store; `null` where the text has not the form of one. */
export function parseRefreshToken(text: string): { tag: string; family: string } | null {
  const parsed = parseToken(text)
  if (parsed?.kind !== "rt") return null
  return { tag: parsed.tag, family: familyDigestOf(text) }
}

/** The digest under which a refresh token's family is kept: base64url, 43 characters. No token has it as its own digest. */
export function familyDigestOf(refreshToken: string): string {
  const { family } = partsOf(refreshToken)
  return createHash("sha256").update("authchemy refresh family\n").update(family).digest("base64url")
}

/**
 * The refresh token and the access token that follow on a refresh token, derived from it and a nonce (HMAC-SHA-256): so that the same
 * ones can be handed out again to who has it, while the store, which keeps the nonce and digests, holds nothing that can be used.
 * @param nonce 32 random bytes, base64url
 */
export function successorsOf(refreshToken: string, nonce: string): { refreshToken: string; token: string } {
  const derive = (what: string) =>
    createHmac("sha256", refreshToken).update(`authchemy ${what}\n${nonce}`).digest()
  const { tag, family } = partsOf(refreshToken)
  const fresh = derive("refresh token").subarray(0, FAMILY_BYTES)
  return {
    refreshToken: formatToken("rt", tag, Buffer.concat([family, fresh])),
    token: formatToken("at", tag, derive("access token")),
  }
}

function partsOf(refreshToken: string): { tag: string; family: Buffer } {
  const [parsed, secret] = [parseToken(refreshToken), secretOf(refreshToken)]
  if (parsed?.kind !== "rt" || secret === null) throw new TypeError("a refresh token was expected")
  return { tag: parsed.tag, family: secret.subarray(0, FAMILY_BYTES) }
}
