const LOOPBACK_CALLBACK = /^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost):([1-9][0-9]{0,4})\/callback$/

/**
 * The loopback rule (RFC 8252 §7.3): `http://127.0.0.1:<port>/callback`, `http://[::1]:<port>/callback` or
 * `http://localhost:<port>/callback`, any port from 1 to 65535, nothing before, between or after. The raw text is compared,
 * never a parsed URL: parsers differ on user info, backslashes, escapes and odd spellings of addresses.
 */
export function isLoopbackRedirectUri(text: string): boolean {
  const port = LOOPBACK_CALLBACK.exec(text)?.[1]
  return port !== undefined && Number(port) <= 65535
}

/**
 * Whether a redirect URI is one of a client's own. The raw texts must be equal (RFC 9700 §4.1.3), with one exception: where a loopback
 * URI is registered, with a port or without, any port from 1 to 65535 will do, and none (RFC 8252 §7.3). No parser is asked.
 * @param registered each of them without a `redirectUriProblem`
 */
export function isRegisteredRedirectUri(registered: readonly string[], given: string): boolean {
  const portless = withoutLoopbackPort(given)
  return registered.some(
    (uri) => uri === given || (portless !== null && withoutLoopbackPort(uri) === portless),
  )
}

const LOOPBACK = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::([1-9][0-9]{0,4}))?(\/.*)$/s

/** A loopback URI without its port, all else as it stands; `null` for any other text. */
function withoutLoopbackPort(text: string): string | null {
  const [matched, origin, port = "80", rest] = LOOPBACK.exec(text) ?? []
  return matched === undefined || Number(port) > 65535 ? null : `${origin}${rest}`
}

const LONGEST_REDIRECT_URI = 512
/** What a URI is written in (RFC 3986 §2), without `#`, `*` and `\`. */
const URI_CHARACTERS = /^(?:[A-Za-z0-9._~:/?[\]@!$&'()+,;=-]|%[0-9A-Fa-f]{2})*$/
/** Labels with a dot between, as a reversed domain name has them. The slash tells the scheme from a host and its port. */
const PRIVATE_USE = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:\//

/**
 * What stands against registering a redirect URI, as the end of a sentence ("must …"), or `null`. These can be registered: `https`,
 * `http` on a loopback address (RFC 8252 §7.3), and private-use schemes with a dot in them (RFC 8252 §7.1); without a fragment
 * (RFC 6749 §3.1.2), user info or wildcard, in the spelling that browsers keep, of at most 512 characters.
 */
export function redirectUriProblem(text: string): string | null {
  if (text.length > LONGEST_REDIRECT_URI) return `must be at most ${LONGEST_REDIRECT_URI} characters`
  if (/[^\x21-\x7e]/.test(text)) return "must be printable ASCII without spaces, the rest percent-encoded"
  if (text.includes("#")) return "must not have a fragment (#)"
  if (text.includes("*")) return "must not have a wildcard (*): each redirect URI is registered in full"
  if (!URI_CHARACTERS.test(text))
    return "must be a URI: no backslash, quotes, brackets of other kinds or stray %"
  return schemeProblem(text) ?? spellingProblem(text)
}

function schemeProblem(text: string): string | null {
  if (/^[^:]*:\/\/[^/?]*@/.test(text)) return "must not have user info (@) before the host"
  if (/^https:\/\/[^/?]/.test(text) || PRIVATE_USE.test(text) || withoutLoopbackPort(text) !== null)
    return null
  if (text.startsWith("http://")) {
    return "must be https, or http://127.0.0.1/…, http://[::1]/… or http://localhost/… with a path (any port will match)"
  }
  return "must be https, http on 127.0.0.1, [::1] or localhost, or a private-use scheme with a dot in it such as com.example.app:/callback"
}

/** Hosts such as `0x7f.1`, capitals, dot segments and default ports: what is registered is what the browser will open. */
function spellingProblem(text: string): string | null {
  const opened = URL.parse(text)?.href
  if (opened === undefined) return "must be an address that a browser can open"
  if (opened === text || opened === `${text}/`) return null
  return `must be written as browsers write it: ${opened}`
}
