import { WIRE_ERRORS } from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import type { Handler } from "hono"
import type { Accounts } from "../../accounts/accounts.ts"
import type { Clients } from "../../clients/clients.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"
import { requireClient } from "./client-authentication.ts"
import { readOAuthForm } from "./oauth-form.ts"

type IntrospectDeps = { issuer: string; tokens: TokenService; accounts: Accounts; clients: Clients }

/**
 * `POST /oauth/introspect` (RFC 7662): what an access token is good for, told to a registered resource server. A refresh token is none that a resource server should
 * take: it is not active. For a token that is bound to a key (`cnf`, RFC 9449 §6.2) the resource server checks the proof itself.
 */
export function introspectToken(deps: IntrospectDeps): Handler<AppEnv> {
  return async (c) => {
    const form = await readOAuthForm(c.req.raw)
    const client = await requireClient(c.req.raw, form, deps.clients)
    if (!client.resourceServer) {
      const sentence = "This client is not registered as a resource server."
      throw new RequestRefused(403, WIRE_ERRORS.unauthorizedClient, sentence)
    }
    return c.json(await describe(form.require("token"), deps))
  }
}

async function describe(
  token: string,
  { issuer, tokens, accounts, clients }: IntrospectDeps,
): Promise<object> {
  const session = await tokens.inspect(token)
  if (session === null) return { active: false }
  const [account, client] = await Promise.all([
    accounts.find(session.accountId),
    clients.findOfSession(session),
  ])
  if (account === null || client === null) return { active: false }
  const { scopes, keyThumbprint } = session
  return {
    active: true,
    scope: scopes.join(" "),
    client_id: client.id,
    ...(scopes.includes("account:read") ? { username: account.email } : {}),
    token_type: keyThumbprint === null ? "Bearer" : "DPoP",
    exp: Math.floor(session.expiresAt / 1000),
    iat: Math.floor(session.createdAt / 1000),
    sub: account.id,
    iss: issuer,
    sid: session.id,
    ...(keyThumbprint === null ? {} : { cnf: { jkt: keyThumbprint } }),
  }
}
