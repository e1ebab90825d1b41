import { createHash, timingSafeEqual } from "node:crypto"

/** Whether two secrets are equal, in a time that depends on neither: their SHA-256 digests are compared. */
export function equalInConstantTime(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text, "utf8").digest()
  return timingSafeEqual(digest(one), digest(other))
}
