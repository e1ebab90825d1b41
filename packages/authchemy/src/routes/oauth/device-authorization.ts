import { type DeviceAuthorizationResponse, GRANT_TYPES } from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import type { Handler } from "hono"
import { namedByRegistration } from "../../clients/client.ts"
import type { Clients } from "../../clients/clients.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { invalidRequest, readDeviceClaims } from "../parameters.ts"
import type { RequestLimitDeps } from "../request-limit.ts"
import { grantableScopes, requireS256 } from "./authorization-request.ts"
import { requireClient, requireGrant } from "./client-authentication.ts"
import { verificationUriOf } from "./metadata.ts"
import { type OAuthForm, readOAuthForm } from "./oauth-form.ts"
import { admitRequest } from "./request-limit.ts"

type DeviceDeps = RequestLimitDeps & { issuer: string; clients: Clients; tokens: TokenService }

/**
 * `POST /oauth/device_authorization` (RFC 8628 §3.1). Beside the standard's, `device`, `os` and `client` are read as at `/login` (a registered client goes by
 * the name it is registered with), and a `code_challenge` with `code_challenge_method=S256` binds the device code to who has its
 * verifier (RFC 7636) and gives the approval phrase.
 */
export function authorizeDevice(deps: DeviceDeps): Handler<AppEnv> {
  return async (c) => {
    const form = await readOAuthForm(c.req.raw)
    const client = await requireClient(c.req.raw, form, deps.clients)
    requireGrant(client, GRANT_TYPES.deviceCode)
    const scopes = grantableScopes(form.get("scope"), client)
    const codeChallenge = challengeOf(form)
    await admitRequest(c, deps, client)
    const { deviceCode, userCode, expiresInSeconds, intervalSeconds } = await deps.tokens.requestDevice({
      clientId: client.id,
      scopes,
      device: namedByRegistration(client, readDeviceClaims(form.parameters)),
      address: deps.clientAddress(c),
      codeChallenge,
    })
    const verificationUri = verificationUriOf(deps.issuer)
    const response: DeviceAuthorizationResponse = {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: verificationUri,
      verification_uri_complete: `${verificationUri}?user_code=${userCode}`,
      expires_in: expiresInSeconds,
      interval: intervalSeconds,
    }
    return c.json(response)
  }
}

function challengeOf(form: OAuthForm): string | null {
  const challenge = form.get("code_challenge")
  const method = form.get("code_challenge_method")
  if (challenge === undefined && method === undefined) return null
  if (challenge === undefined) throw invalidRequest("code_challenge is missing.")
  requireS256(challenge, method)
  return challenge
}
