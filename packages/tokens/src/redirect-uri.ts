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
