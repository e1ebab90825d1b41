import { ALCHEMY_GRANT, isCodeChallenge } from "@authchemy/protocol"
import { isLoopbackRedirectUri } from "@authchemy/tokens"
import type { ApprovalRequest } from "./approval-request.ts"
import { invalidRequest, type Parameter, readDeviceClaims, readParameters, readState } from "./parameters.ts"

const PARAMETERS = [
  "redirectUrl",
  "code_challenge",
  "code_challenge_method",
  "state",
  "client",
  "device",
  "os",
] as const

/**
 * Reads the query of `GET /login`.
 * @param query the raw query, without `?`
 * @throws RequestRefused 400 `invalid_request`; the sentence names the parameter. Nothing here may lead to a redirect
 *   (RFC 9700 §4.11): the target is among what is checked.
 */
export function parseLoginRequest(
  query: string,
  options: { allowCodeWithoutPkce: boolean },
): ApprovalRequest {
  const parameters = readParameters(query)
  const { given, twice } = parameters
  if (twice.size > 0) {
    throw invalidRequest(`${PARAMETERS.find((name) => twice.has(name)) ?? "A parameter"} is there twice.`)
  }
  const redirectUri = given.get("redirectUrl")?.value
  if (redirectUri === undefined) throw invalidRequest("redirectUrl is missing.")
  if (!isLoopbackRedirectUri(redirectUri)) {
    throw invalidRequest(
      "redirectUrl must be http://127.0.0.1:<port>/callback, [::1] or localhost in its place.",
    )
  }
  return {
    ...ALCHEMY_GRANT,
    redirectUri,
    codeChallenge: readChallenge(given, options),
    state: readState(parameters),
    device: readDeviceClaims(parameters),
    keyThumbprint: null,
    pushedAs: null,
    pushedFrom: null,
  }
}

function readChallenge(
  given: ReadonlyMap<string, Parameter>,
  options: { allowCodeWithoutPkce: boolean },
): string | null {
  const challenge = given.get("code_challenge")?.value
  const method = given.get("code_challenge_method")?.value
  if (method !== undefined && method !== "S256") throw invalidRequest("code_challenge_method must be S256.")
  if (challenge !== undefined) {
    if (isCodeChallenge(challenge)) return challenge
    throw invalidRequest(
      "code_challenge must be the base64url of a SHA-256 digest, 43 characters, without padding.",
    )
  }
  if (method !== undefined) throw invalidRequest("code_challenge is missing.")
  if (options.allowCodeWithoutPkce) return null
  throw invalidRequest(
    "This command-line program is too old for this server: it sends no code_challenge (PKCE). Update it, or ask whoever runs this server to allow older programs (AUTHCHEMY_ALLOW_CODE_WITHOUT_PKCE).",
  )
}
