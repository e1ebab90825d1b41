import type { IncomingMessage, ServerResponse } from "node:http"
import type { Scope } from "@authchemy/protocol"
import type { Session } from "../token-service.ts"
import type { Verifier } from "../verifier.ts"
import { judge } from "./judge.ts"

/**
 * Makes a guard for `node:http`: it gives the session of whoever calls, or answers the request itself and gives `null`. `judge.ts` says how it answers.
 * @example
 * const session = await guard(request, response, ["account:read"])
 * if (session === null) return
 */
export function createGuard(
  verifier: Pick<Verifier, "verify">,
): (request: IncomingMessage, response: ServerResponse, scopes: readonly Scope[]) => Promise<Session | null> {
  return async (request, response, scopes) => {
    const { url = "/", headers } = request
    const { session, refusal } = await judge(verifier, { authorization: headers.authorization, url }, scopes)
    if (refusal === undefined) return session
    response.writeHead(refusal.status, refusal.headers).end(refusal.body)
    return null
  }
}
