import { ALCHEMY_CLIENT_ID, CliTokenRequest, type CliTokenResponse, WIRE_ERRORS } from "@authchemy/protocol"
import { InvalidGrantError, type IssuedToken, type TokenService } from "@authchemy/tokens"
import type { Handler } from "hono"
import type * as v from "valibot"
import type { Accounts } from "../accounts/accounts.ts"
import type { Clients } from "../clients/clients.ts"
import { readJson } from "../middleware/request-body.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { findOrRevoke } from "./issued-account.ts"
import { refuseCredentialsInQuery } from "./query-credentials.ts"

/** `POST /api/cli/token`: code for token, on the back channel. */
export function redeemForToken(deps: {
  tokens: TokenService
  accounts: Accounts
  clients: Clients
}): Handler<AppEnv> {
  return async (c) => {
    refuseCredentialsInQuery(c.req.url)
    const request = await readJson(c.req.raw, CliTokenRequest)
    const issued = await redeem(deps.tokens, request)
    const account = await findOrRevoke(deps, issued)
    if (account === null) throw invalidGrant()
    const { id, createdAt } = issued.session
    const expiresAt = issued.tokenExpiresAt
    const response: CliTokenResponse = {
      authToken: issued.token,
      expiresAt: new Date(expiresAt).toISOString(),
      expiresInSeconds: Math.round((expiresAt - createdAt) / 1000),
      sessionId: id,
      account: { id: account.id, email: account.email, name: account.name },
    }
    return c.json(response)
  }
}

async function redeem(
  tokens: TokenService,
  request: v.InferOutput<typeof CliTokenRequest>,
): Promise<IssuedToken> {
  try {
    return await tokens.redeemCode({
      code: request.code,
      clientId: ALCHEMY_CLIENT_ID,
      redirectUri: request.redirect_uri,
      codeVerifier: request.code_verifier ?? null,
      expiresInSeconds: request.expires_in_seconds,
      device: request.device ?? {},
    })
  } catch (error) {
    if (error instanceof InvalidGrantError) throw invalidGrant()
    throw error
  }
}

/** One sentence for every reason, so that nobody learns what a code would need (RFC 6749 §5.2). */
function invalidGrant(): RequestRefused {
  const sentence =
    "code is unknown, expired or used, or was not issued for this redirect_uri and code_verifier."
  return new RequestRefused(400, WIRE_ERRORS.invalidGrant, sentence)
}
