/** What a credential may be used for. */
export const SCOPES = [
  "account:read",
  "apps:read",
  "apps:write",
  "sessions:manage",
  "keys:manage",
  "offline_access",
] as const
export type Scope = (typeof SCOPES)[number]

/** What is granted to who asks for nothing in particular: all but `offline_access`. */
export const DEFAULT_SCOPES: readonly Scope[] = SCOPES.filter((scope) => scope !== "offline_access")

/** `scope-token *( SP scope-token )` (RFC 6749 §3.3). Outer and repeated spaces are untidy, not wrong. */
const SCOPE_TEXT = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/**
 * What a `scope` parameter asks for: the known scopes in it, each once, in the order of `SCOPES`; unknown ones are left out.
 * @param text the parameter; nothing, or only spaces: `DEFAULT_SCOPES`
 * @returns `null` where the text is malformed (RFC 6749 §3.3), or names scopes of which none is known
 */
export function scopesOf(text: string | undefined): readonly Scope[] | null {
  if (text === undefined || text.trim() === "") return DEFAULT_SCOPES
  if (!SCOPE_TEXT.test(text)) return null
  const asked = new Set(text.split(" "))
  const known = SCOPES.filter((scope) => asked.has(scope))
  return known.length === 0 ? null : known
}
