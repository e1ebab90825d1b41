import {
  DEFAULT_EXPIRES_IN_SECONDS,
  GRANT_TYPES,
  isCodeVerifier,
  MIN_EXPIRES_IN_SECONDS,
  type OAuthTokenResponse,
  scopesOf,
  WIRE_ERRORS,
} from "@authchemy/protocol"
import {
  DevicePollError,
  InvalidGrantError,
  InvalidScopeError,
  type IssuedToken,
  type TokenService,
} from "@authchemy/tokens"
import type { Context, Handler } from "hono"
import type { Accounts } from "../../accounts/accounts.ts"
import type { Client } from "../../clients/client.ts"
import type { Clients } from "../../clients/clients.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"
import { findOrRevoke } from "../issued-account.ts"
import { invalidRequest } from "../parameters.ts"
import { identifyClient, invalidClient, requireGrant } from "./client-authentication.ts"
import { type DpopDeps, proveKey } from "./dpop-proof.ts"
import { type OAuthForm, readOAuthForm } from "./oauth-form.ts"

type TokenDeps = DpopDeps & { tokens: TokenService; accounts: Accounts; clients: Clients; now: () => number }

/** `POST /oauth/token` (RFC 6749 §4.1.3 and §6, RFC 8628 §3.4, RFC 9449 §5). */
export function issueToken(deps: TokenDeps): Handler<AppEnv> {
  return async (c) => {
    const form = await readOAuthForm(c.req.raw)
    const grant = grantOf(form)
    const client = await clientOf(c.req.raw, form, grant, deps)
    requireGrant(client, grant)
    const issued = await refusing(() => redeem(c, form, grant, client, deps))
    const account = await findOrRevoke(deps, issued)
    if (account === null) throw invalidGrant()
    c.header("Pragma", "no-cache")
    const { session, refreshToken } = issued
    const response: OAuthTokenResponse = {
      access_token: issued.token,
      token_type: session.keyThumbprint === null ? "Bearer" : "DPoP",
      expires_in: Math.max(1, Math.floor((issued.tokenExpiresAt - deps.now()) / 1000)),
      scope: session.scopes.join(" "),
      ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
      session_id: session.id,
      ...(session.scopes.includes("account:read") ? { account } : {}),
    }
    return c.json(response)
  }
}

type Grant = (typeof GRANT_TYPES)[keyof typeof GRANT_TYPES]

function grantOf(form: OAuthForm): Grant {
  const asked = form.require("grant_type")
  const grant = Object.values(GRANT_TYPES).find((known) => known === asked)
  if (grant !== undefined) return grant
  const known = Object.values(GRANT_TYPES).join(", ")
  throw new RequestRefused(400, WIRE_ERRORS.unsupportedGrantType, `grant_type must be one of ${known}.`)
}

/**
 * A request that names no client comes from the public client that its refresh token was issued to (RFC 6749 §6); no other grant says as much
 * (§3.2.1). Where that token's session has ended, nobody can tell whose it was, and the client is to learn that it has ended.
 */
async function clientOf(request: Request, form: OAuthForm, grant: Grant, deps: TokenDeps): Promise<Client> {
  const client = await identifyClient(request, form, deps.clients)
  if (client !== null) return client
  const refreshToken = grant === GRANT_TYPES.refreshToken ? form.require("refresh_token") : null
  const session = refreshToken === null ? null : await deps.tokens.findRefreshSession(refreshToken)
  const holder = session === null ? null : await deps.clients.findOfSession(session)
  if (refreshToken !== null && holder === null) throw invalidGrant()
  if (holder !== null && holder.secretDigest === null) return holder
  throw invalidClient("The request does not say which client it comes from: send client_id.")
}

async function redeem(
  c: Context<AppEnv>,
  form: OAuthForm,
  grant: Grant,
  client: Client,
  deps: TokenDeps,
): Promise<IssuedToken> {
  const clientId = client.id
  switch (grant) {
    case GRANT_TYPES.authorizationCode: {
      const code = form.require("code")
      const [codeVerifier, expiresInSeconds] = [verifierOf(form), lifetimeOf(form)]
      const redirectUri = form.get("redirect_uri") ?? null
      const keyThumbprint = await proveKey(c, deps, client)
      const what = { code, clientId, redirectUri, codeVerifier, expiresInSeconds, keyThumbprint }
      return deps.tokens.redeemCode({ ...what, device: {} })
    }
    case GRANT_TYPES.deviceCode: {
      const deviceCode = form.require("device_code")
      const [codeVerifier, expiresInSeconds] = [verifierOf(form), lifetimeOf(form)]
      const keyThumbprint = await proveKey(c, deps, client)
      return deps.tokens.pollDevice({ deviceCode, clientId, codeVerifier, expiresInSeconds, keyThumbprint })
    }
    case GRANT_TYPES.refreshToken: {
      const refreshToken = form.require("refresh_token")
      const asked = form.get("scope")
      const scopes = asked === undefined ? null : scopesOf(asked)
      if (asked !== undefined && scopes === null) throw new InvalidScopeError()
      const keyThumbprint = await proveKey(c, deps, client)
      const mayChangeKey = client.secretDigest !== null
      return deps.tokens.refresh({ refreshToken, clientId, scopes, keyThumbprint, mayChangeKey })
    }
  }
}

/** What the engine refuses, in the words of the wire. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof InvalidGrantError) throw invalidGrant()
    if (error instanceof InvalidScopeError) {
      const sentence = "scope is malformed, unknown, or more than was granted."
      throw new RequestRefused(400, WIRE_ERRORS.invalidScope, sentence)
    }
    if (error instanceof DevicePollError)
      throw new RequestRefused(400, error.code, POLL_SENTENCES[error.code])
    throw error
  }
}

const POLL_SENTENCES = {
  authorization_pending: "Nobody has decided yet. Ask again after the interval.",
  slow_down: "Nobody has decided yet. Wait five seconds longer from now on.",
  access_denied: "The person denied the sign-in.",
  expired_token: "The device code has expired. Start again.",
} as const

function verifierOf(form: OAuthForm): string | null {
  const verifier = form.get("code_verifier")
  if (verifier === undefined) return null
  if (isCodeVerifier(verifier)) return verifier
  throw invalidRequest("code_verifier must be 43 to 128 characters of A–Z a–z 0–9 - . _ ~ (RFC 7636 §4.1).")
}

/** The lifetime that a client wishes, an addition of this server: `expires_in_seconds`, at least 60, lowered to 90 days. */
function lifetimeOf(form: OAuthForm): number {
  const wish = form.get("expires_in_seconds")
  if (wish === undefined) return DEFAULT_EXPIRES_IN_SECONDS
  if (/^\d{2,12}$/.test(wish) && Number(wish) >= MIN_EXPIRES_IN_SECONDS) {
    return Math.min(Number(wish), DEFAULT_EXPIRES_IN_SECONDS)
  }
  throw invalidRequest(`expires_in_seconds must be a whole number of at least ${MIN_EXPIRES_IN_SECONDS}.`)
}

/** One sentence for every reason, so that nobody learns what a grant would need (RFC 6749 §5.2). */
function invalidGrant(): RequestRefused {
  const sentence =
    "The code or token is unknown, expired or used, or was not issued for this client, redirect_uri, code_verifier and key."
  return new RequestRefused(400, WIRE_ERRORS.invalidGrant, sentence)
}
