import type { ApprovalRequest } from "./approval-request.ts"

/**
 * The way back to the client: the redirect target as it was given, with parameters appended. `state` is echoed byte for
 * byte, and left out where none was sent; `iss` names this server (RFC 9207).
 */
export function approvalRedirect(
  request: Pick<ApprovalRequest, "redirectUri" | "state">,
  answer: { code: string } | { error: string; error_description: string },
  issuer: string,
): string {
  const parameters = Object.entries(answer).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  if (request.state !== null) parameters.push(`state=${percentEncoded(request.state)}`)
  parameters.push(`iss=${encodeURIComponent(issuer)}`)
  const { redirectUri } = request
  return `${redirectUri}${redirectUri.includes("?") ? "&" : "?"}${parameters.join("&")}`
}

/**
 * The Content Security Policy source of a redirect target. Chromium holds a form's redirects to `form-action`, too. An IPv6
 * literal is no valid host source (CSP 3, §2.3.1), so for [::1] only the scheme can be named, as for a private-use scheme.
 */
export function formActionSource(redirectUri: string): string {
  const [origin] = /^https?:\/\/[^/?]+/.exec(redirectUri) ?? []
  return origin === undefined || origin.includes("[")
    ? redirectUri.slice(0, redirectUri.indexOf(":") + 1)
    : origin
}

/** Percent-encodes bytes, all but the unreserved set (RFC 3986 §2.3). @param base64url the bytes */
function percentEncoded(base64url: string): string {
  return Array.from(Buffer.from(base64url, "base64url"), (byte) => {
    const character = String.fromCharCode(byte)
    if (/[A-Za-z0-9\-._~]/.test(character)) return character
    return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
  }).join("")
}
