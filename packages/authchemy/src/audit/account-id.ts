import { createHash } from "node:crypto"

/** In UTF-16 code units: an index takes it with what stands beside it, whatever its characters (2,704 bytes on PostgreSQL). */
const LONGEST = 512
const DIGEST = "sha256:"

/**
 * An account's id as it stands in the log: as it is where every database can keep it, in its whole length and letter by letter, and otherwise `sha256:` and the digest of its UTF-16
 * code units. No two accounts have the same: an id that begins like a digest is itself given as one.
 */
export function loggedAccountId(accountId: string): string {
  const plain = accountId.length <= LONGEST && accountId.isWellFormed() && !accountId.includes("\u0000")
  if (plain && !accountId.startsWith(DIGEST)) return accountId
  return `${DIGEST}${createHash("sha256").update(Buffer.from(accountId, "utf16le")).digest("base64url")}`
}

/** Whether a text is an id that the log has given in place of an account's own. */
export function isDigestOfAccountId(text: string): boolean {
  return /^sha256:[\w-]{43}$/.test(text)
}
