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
import { requireGrant } from "./client-authentication.ts"

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
  let state: string | null = null
  try {
    if (!twice.has("state")) state = readState(parameters)
    return { ...checked(parameters, client), redirectUri, state }
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error
    throw new AuthorizationRefused(error.code, error.message, { redirectUri, state })
  }
}

/** All of a request but where its answer goes. @throws RequestRefused */
function checked(
  { given, twice }: Parameters,
  client: Client,
): Omit<ApprovalRequest, "redirectUri" | "state"> {
  const value = (name: string) => given.get(name)?.value || undefined
  if (twice.size > 0) throw invalidRequest("A parameter is there twice.")
  if (value("request") !== undefined) {
    throw refused(WIRE_ERRORS.requestNotSupported, "Request objects are not read here.")
  }
  const responseType = value("response_type")
  if (responseType === undefined) throw invalidRequest("response_type is missing.")
  if (responseType !== "code") {
    throw refused(WIRE_ERRORS.unsupportedResponseType, "response_type must be code.")
  }
  requireGrant(client, GRANT_TYPES.authorizationCode)
  if (!["query", undefined].includes(value("response_mode"))) {
    throw invalidRequest("response_mode must be query.")
  }
  const codeChallenge = value("code_challenge")
  if (codeChallenge === undefined) {
    throw invalidRequest("code_challenge is missing: PKCE is needed (RFC 7636).")
  }
  requireS256(codeChallenge, value("code_challenge_method"))
  const keyThumbprint = value("dpop_jkt") ?? null
  if (keyThumbprint !== null && !isCodeChallenge(keyThumbprint)) {
    throw invalidRequest("dpop_jkt must be a JWK SHA-256 thumbprint, 43 characters of base64url.")
  }
  return {
    clientId: client.id,
    scopes: grantableScopes(value("scope"), client),
    codeChallenge,
    keyThumbprint,
    device: readDeviceClaims({ given, twice }),
    pushedAs: null,
    pushedFrom: null,
  }
}

/** @throws RequestRefused 400 `invalid_request` where it is no S256 challenge, or not said to be one (RFC 7636 §4.3) */
export function requireS256(codeChallenge: string, method: string | undefined): void {
  if (method !== "S256") throw invalidRequest("code_challenge_method must be S256.")
  if (isCodeChallenge(codeChallenge)) return
  throw invalidRequest(
    "code_challenge must be the base64url of a SHA-256 digest, 43 characters, without padding.",
  )
}

/**
 * What a client can be granted of what it asks for: without the refresh token grant there is no `offline_access`.
 * @throws RequestRefused 400 `invalid_scope` where that leaves nothing
 */
export function grantableScopes(asked: string | undefined, client: Client): readonly Scope[] {
  const mayRefresh = client.grants.includes(GRANT_TYPES.refreshToken)
  const scopes = scopesOf(asked)?.filter((scope) => mayRefresh || scope !== "offline_access") ?? []
  if (scopes.length > 0) return scopes
  throw refused(WIRE_ERRORS.invalidScope, "scope is malformed, or names nothing that is known here.")
}

function refused(code: WireErrorCode, message: string): RequestRefused {
  return new RequestRefused(400, code, message)
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
