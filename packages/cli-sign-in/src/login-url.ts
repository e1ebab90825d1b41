import { LOGIN_PATH, tidyClaim } from "@authchemy/protocol"

/**
 * The URL at which a person signs in: `GET /login` with PKCE S256 (RFC 7636 §4.3) and `state` (RFC 6749 §4.1.1). The names of
 * program, machine and system are claims for the approval page: one line, at most 64 characters each.
 *
 * @param request.server the auth URL without a trailing slash
 * @param request.redirectUrl the loopback listener, for example `http://127.0.0.1:16424/callback`
 * @param request.codeChallenge 43 characters of base64url
 */
export function buildLoginUrl(request: {
  server: string
  redirectUrl: string
  codeChallenge: string
  state: string
  client: string
  device: { name: string; os: string }
}): string {
  const query = new URLSearchParams({
    redirectUrl: request.redirectUrl,
    code_challenge: request.codeChallenge,
    code_challenge_method: "S256",
    state: request.state,
    client: tidyClaim(request.client),
    device: tidyClaim(request.device.name),
    os: tidyClaim(request.device.os),
  })
  return `${request.server}${LOGIN_PATH}?${query}`
}
