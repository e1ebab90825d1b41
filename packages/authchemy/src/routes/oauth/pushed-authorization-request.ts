import { randomBytes } from "node:crypto"
import type { TokenService } from "@authchemy/tokens"
import type { Handler } from "hono"
import type { Clients } from "../../clients/clients.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { APPROVAL_LIFETIME_MS } from "../approval-request.ts"
import { invalidRequest } from "../parameters.ts"
import type { RequestLimitDeps } from "../request-limit.ts"
import { readAuthorizationRequest } from "./authorization-request.ts"
import { requireClient } from "./client-authentication.ts"
import { type DpopDeps, proveKey } from "./dpop-proof.ts"
import { readOAuthForm } from "./oauth-form.ts"
import { admitRequest } from "./request-limit.ts"

/** What the URI of a pushed request begins with (RFC 9126 §2.2); other things that the token store keeps by name are named otherwise. */
export const REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"

type PushDeps = DpopDeps & RequestLimitDeps & { clients: Clients; tokens: TokenService; now: () => number }

/**
 * `POST /oauth/par` (RFC 9126): an authorization request on the back channel, checked here as it would be at `/oauth/authorize`. What is given back
 * leads there for ten minutes, as long as an approval page can be answered, and to one answer.
 */
export function pushAuthorizationRequest(deps: PushDeps): Handler<AppEnv> {
  return async (c) => {
    const form = await readOAuthForm(c.req.raw)
    const client = await requireClient(c.req.raw, form, deps.clients)
    if (form.get("request_uri") !== undefined) throw invalidRequest("request_uri cannot be pushed.")
    const request = readAuthorizationRequest(form.parameters, client)
    const proven = await proveKey(c, deps)
    if (proven !== null && request.keyThumbprint !== null && proven !== request.keyThumbprint) {
      throw invalidRequest("dpop_jkt is another key than that of the DPoP proof.")
    }
    await admitRequest(c, deps, client)
    const requestUri = `${REQUEST_URI_PREFIX}${randomBytes(32).toString("base64url")}`
    const pushedFrom = { at: deps.now(), address: deps.clientAddress(c) }
    const keyThumbprint = request.keyThumbprint ?? proven
    const content = JSON.stringify({ ...request, keyThumbprint, pushedFrom })
    await deps.tokens.keep(requestUri, content, deps.now() + APPROVAL_LIFETIME_MS)
    return c.json({ request_uri: requestUri, expires_in: APPROVAL_LIFETIME_MS / 1000 }, 201)
  }
}
