import { WIRE_ERRORS } from "@authchemy/protocol"
import type { Session, TokenService } from "@authchemy/tokens"
import type { Handler } from "hono"
import type { Account, Accounts } from "../../accounts/accounts.ts"
import type { HeldAccounts } from "../../accounts/remembered.ts"
import type { Client } from "../../clients/client.ts"
import type { Clients } from "../../clients/clients.ts"
import type { HeldClients } from "../../clients/remembered.ts"
import { createAnswersOfSessions, type HotRoute, jsonAnswer } from "../../hot-routes.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"
import { claimOf, provenClient, requireClient } from "./client-authentication.ts"
import { parseOAuthForm, readOAuthForm } from "./oauth-form.ts"

type IntrospectDeps = { issuer: string; tokens: TokenService; accounts: Accounts; clients: Clients }

/**
 * `POST /oauth/introspect` (RFC 7662): what an access token is good for, told to a registered resource server. A refresh token is none that a resource server should
 * take: it is not active. For a token that is bound to a key (`cnf`, RFC 9449 §6.2) the resource server checks the proof itself.
 */
export function introspectToken(deps: IntrospectDeps): Handler<AppEnv> {
  return async (c) => {
    const form = await readOAuthForm(c.req.raw)
    const client = await requireClient(c.req.raw, form, deps.clients)
    requireResourceServer(client)
    return c.json(await describeToken(form.require("token"), deps))
  }
}

/** The same, of what is in memory. */
export function introspectHeldToken(deps: {
  issuer: string
  tokens: HeldTokens
  accounts: HeldAccounts
  clients: HeldClients
}): HotRoute["answer"] {
  const { issuer, tokens, accounts, clients } = deps
  const inactive = jsonAnswer(INACTIVE)
  const answers = createAnswersOfSessions()
  return ({ authorization, body }) => {
    const form = parseOAuthForm(body)
    const claim = claimOf(authorization, form)
    const caller = claim === null ? undefined : clients.findHeld(claim.id)
    if (claim === null || caller === undefined) return null
    requireResourceServer(provenClient(claim, caller))
    const session = tokens.inspectHeld(form.require("token"))
    if (session === null) return inactive
    if (session === undefined) return null
    const account = accounts.findHeld(session.accountId)
    const client = clients.findHeldOfSession(session)
    if (account === undefined || client === undefined) return null
    return answers.of(session, account, () => describeSession(session, account, client, issuer))
  }
}

/** What `introspectHeldToken` looks into. */
export type HeldTokens = {
  /** As `inspect`; `undefined` where the store has to be asked. */
  inspectHeld(token: string): Session | null | undefined
}

const INACTIVE = { active: false }

/** @throws RequestRefused 403 `unauthorized_client` */
export function requireResourceServer(client: Client): void {
  if (client.resourceServer) return
  const sentence = "This client is not registered as a resource server."
  throw new RequestRefused(403, WIRE_ERRORS.unauthorizedClient, sentence)
}

async function describeToken(
  token: string,
  { issuer, tokens, accounts, clients }: IntrospectDeps,
): Promise<object> {
  const session = await tokens.inspect(token)
  if (session === null) return INACTIVE
  const [account, client] = await Promise.all([
    accounts.find(session.accountId),
    clients.findOfSession(session),
  ])
  if (account === null || client === null) return INACTIVE
  return describeSession(session, account, client, issuer)
}

function describeSession(session: Session, account: Account, client: Client, issuer: string): object {
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
