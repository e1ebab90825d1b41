import {
  GRANT_TYPES,
  isCodeChallenge,
  type Scope,
  scopesOf,
  WIRE_ERRORS,
  type WireErrorCode,
} from "@authchemy/protocol"
import { isRegisteredRedirectUri } from "@authchemy/tokens"
import type { Client } from "../../clients/client.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"
import type { ApprovalRequest } from "../approval-request.ts"
import { invalidRequest, type Parameters, readDeviceClaims, readState } from "../parameters.ts"

/** An authorization request that is refused on the way back to the client (RFC 6749 §4.1.2.1): its redirect target was good. */
export class AuthorizationRefused extends RequestRefused {
  readonly target: Pick<ApprovalRequest, "redirectUri" | "state">
  constructor(code: WireErrorCode, message: string, target: AuthorizationRefused["target"]) {
    super(400, code, message)
    this.name = "AuthorizationRefused"
    this.target = target
  }
}

/**
 * Reads an authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 9449 §10), from the query of `GET /oauth/authorize` or the body of `POST /oauth/par`.
 * @param client the one that `client_id` names
 * @throws RequestRefused while the redirect target is not known to be good: nothing may lead there
 * @throws AuthorizationRefused from then on
 */
export function readAuthorizationRequest(parameters: Parameters, client: Client): ApprovalRequest {
  const { given, twice } = parameters
  const value = (name: string) => given.get(name)?.value || undefined
  for (const name of ["redirect_uri", "client_id"]) {
    if (twice.has(name)) throw invalidRequest(`${name} is there twice.`)
  }
  const redirectUri = redirectUriOf(value("redirect_uri"), client)
  const refuse = (code: WireErrorCode, message: string, state: string | null) =>
    new AuthorizationRefused(code, message, { redirectUri, state })

  let state: string | null = null
  try {
    state = twice.has("state") ? null : readState(parameters)
  } catch (error) {
    throw error instanceof RequestRefused ? refuse(error.code, error.message, null) : error
  }
  const invalid = (message: string) => refuse(WIRE_ERRORS.invalidRequest, message, state)
  if (twice.size > 0) throw invalid("A parameter is there twice.")
  if (value("request") !== undefined) {
    throw refuse(WIRE_ERRORS.requestNotSupported, "Request objects are not read here.", state)
  }
  const responseType = value("response_type")
  if (responseType === undefined) throw invalid("response_type is missing.")
  if (responseType !== "code") {
    throw refuse(WIRE_ERRORS.unsupportedResponseType, "response_type must be code.", state)
  }
  if (!client.grants.includes(GRANT_TYPES.authorizationCode)) {
    throw refuse(
      WIRE_ERRORS.unauthorizedClient,
      "This client is not registered for authorization codes.",
      state,
    )
  }
  if (!["query", undefined].includes(value("response_mode"))) throw invalid("response_mode must be query.")
  const codeChallenge = value("code_challenge")
  if (codeChallenge === undefined) throw invalid("code_challenge is missing: PKCE is needed (RFC 7636).")
  if (value("code_challenge_method") !== "S256") throw invalid("code_challenge_method must be S256.")
  if (!isCodeChallenge(codeChallenge)) {
    throw invalid("code_challenge must be the base64url of a SHA-256 digest, 43 characters, without padding.")
  }
  const keyThumbprint = value("dpop_jkt") ?? null
  if (keyThumbprint !== null && !isCodeChallenge(keyThumbprint)) {
    throw invalid("dpop_jkt must be a JWK SHA-256 thumbprint, 43 characters of base64url.")
  }
  const scopes = grantableScopes(value("scope"), client)
  if (scopes === null) {
    throw refuse(WIRE_ERRORS.invalidScope, "scope is malformed, or names nothing that is known here.", state)
  }
  return {
    clientId: client.id,
    ...{ scopes, redirectUri, codeChallenge, state, keyThumbprint },
    device: readDeviceClaims(parameters),
    pushedAs: null,
  }
}

/**
 * What a client can be granted of what it asks for: without the refresh token grant there is no `offline_access`.
 * @returns `null` where that leaves nothing
 */
export function grantableScopes(asked: string | undefined, client: Client): readonly Scope[] | null {
  const mayRefresh = client.grants.includes(GRANT_TYPES.refreshToken)
  const scopes = scopesOf(asked)?.filter((scope) => mayRefresh || scope !== "offline_access")
  return scopes === undefined || scopes.length === 0 ? null : scopes
}

/** Left out where a client has registered just one that stands for one address (RFC 6749 §3.1.2.3), it is that one. */
function redirectUriOf(given: string | undefined, client: Client): string {
  const [only, second] = client.redirectUris
  if (given === undefined) {
    if (only !== undefined && second === undefined && !/^http:/.test(only)) return only
    throw invalidRequest("redirect_uri is missing.")
  }
  if (isRegisteredRedirectUri(client.redirectUris, given)) return given
  throw invalidRequest("redirect_uri is not registered for this client.")
}
