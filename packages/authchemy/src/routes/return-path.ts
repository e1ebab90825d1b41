/**
 * A path on this server that a person may be sent back to, or `/` where the text is anything else: another origin, in
 * whatever disguise (`//host`, `/\host`, control characters that URL parsers drop).
 * @param issuer this server's origin
 */
export function returnPathOf(text: string | null | undefined, issuer: string): string {
  if (typeof text !== "string" || !/^\/(?!\/)[^\\\s\p{Cc}]*$/u.test(text)) return "/"
  if (!URL.canParse(text, issuer)) return "/"
  const { origin, pathname, search } = new URL(text, issuer)
  if (origin !== new URL(issuer).origin || pathname.startsWith("//")) return "/"
  return pathname + search
}
