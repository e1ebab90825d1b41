import type { TokenService } from "@authchemy/tokens"
import type { Handler } from "hono"
import type { Clients } from "../../clients/clients.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { identifyClient, invalidClient } from "./client-authentication.ts"
import { readOAuthForm } from "./oauth-form.ts"

/**
 * `POST /oauth/revoke` (RFC 7009): ends the session of an access or refresh token, with every token of it. Whatever is unknown, dead already or
 * another client's is answered with the same 200, and nothing happens. A token of a public client may be revoked without saying whose it is: who holds it can end
 * its session anyway. `token_type_hint` is not needed: tokens say what they are.
 */
export function revokeToken(deps: { tokens: TokenService; clients: Clients }): Handler<AppEnv> {
  return async (c) => {
    const { tokens, clients } = deps
    const form = await readOAuthForm(c.req.raw)
    const token = form.require("token")
    const client = await identifyClient(c.req.raw, form, clients)
    const session = (await tokens.inspect(token)) ?? (await tokens.findRefreshSession(token))
    const holder = session === null ? null : await clients.findOfSession(session)
    if (holder !== null) {
      if (client === null && holder.secretDigest !== null) {
        throw invalidClient("The client must send its secret.")
      }
      if (client === null || client.id === holder.id) await tokens.revoke(token)
    }
    return c.body(null, 200)
  }
}
