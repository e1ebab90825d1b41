import { createHash } from "node:crypto"

const TOKEN = /^alchemy_[a-z]{2}_([0-9A-Za-z]{4})[0-9A-Za-z]{49}$/

/**
 * The revocation handle of a token: its tag, a dot, and the base64url of its SHA-256 digest. Whoever holds the token can
 * compute it; it ends that one session and does nothing else. `null` where the text has not the form of a token.
 */
export function revocationHandleOf(token: string): string | null {
  const tag = TOKEN.exec(token)?.[1]
  if (tag === undefined) return null
  return `${tag}.${createHash("sha256").update(token, "utf8").digest("base64url")}`
}
