/** Whether two secrets are equal, in a time that depends on neither: their SHA-256 digests are compared. */
export function equalInConstantTime(one: string, other: string): boolean {
  // Loaded at the first use: a command that only reads the credential compares nothing, and starts milliseconds faster.
  const { createHash, timingSafeEqual } = process.getBuiltinModule("node:crypto")
  const digest = (text: string) => createHash("sha256").update(text, "utf8").digest()
  return timingSafeEqual(digest(one), digest(other))
}
