import { createHash } from "node:crypto"

/** A strong entity tag (RFC 9110 §8.8.3), quotes included, of texts that make up what is stored: another tag wherever one of them is another. */
export function entityTagOf(stored: readonly (string | null)[]): string {
  const digest = createHash("sha256").update(JSON.stringify(stored)).digest("base64url")
  return `"${digest.slice(0, 22)}"`
}

/**
 * Whether a request may change what has an entity tag, by its `If-Match` (RFC 9110 §13.1.1): one of the tags in it, in strong comparison, or `*`.
 * What is no list of tags matches nothing.
 * @returns `null` where the header sets no condition on what is there
 */
export function ifMatch(header: string | undefined): ((tag: string) => boolean) | null {
  if (header === undefined || header.trim() === "*") return null
  const strong = Array.from(header.matchAll(/(W\/)?("[\x21\x23-\x7e]*")/g))
    .filter(([, weak]) => weak === undefined)
    .map(([, , tag]) => tag)
  return (tag) => strong.includes(tag)
}
