import { CliLogoutRequest, type CliLogoutResponse, WIRE_ERRORS } from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import type { Handler } from "hono"
import { hasBody, narrow, parseJson, readText, requireContentType } from "../middleware/request-body.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { refuseCredentialsInQuery } from "./query-credentials.ts"

/** `POST /api/cli/logout`: the bearer token's session ends here, or that of a revocation handle. */
export function endSession(deps: { tokens: TokenService }): Handler<AppEnv> {
  return async (c) => {
    refuseCredentialsInQuery(c.req.url)
    const authorization = c.req.header("authorization")
    if (authorization !== undefined) {
      if (hasBody(c.req.raw)) await readText(c.req.raw)
      const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1]
      const ended = token !== undefined && (await deps.tokens.revoke(token))
      if (!ended)
        throw invalidToken("The token is unknown, expired or revoked.", 'Bearer error="invalid_token"')
      return c.json({ revoked: true } satisfies CliLogoutResponse)
    }
    const handle = await readHandle(c.req.raw)
    if (handle === null)
      throw invalidToken("Send the token as Authorization: Bearer, or a revocation_handle.", "Bearer")
    const revoked = await deps.tokens.revokeByHandle(handle)
    return c.json({ revoked } satisfies CliLogoutResponse)
  }
}

/** The revocation handle of a JSON body; `null` where there is no body or it names none. */
async function readHandle(request: Request): Promise<string | null> {
  const text = await readText(request)
  if (text === "") return null
  requireContentType(request, "application/json")
  const body = parseJson(text)
  const named = typeof body === "object" && body !== null && Object.hasOwn(body, "revocation_handle")
  return named ? narrow(body, CliLogoutRequest).revocation_handle : null
}

/** @param challenge RFC 6750 §3: no error code where no credential was sent */
function invalidToken(message: string, challenge: string): RequestRefused {
  return new RequestRefused(401, WIRE_ERRORS.invalidToken, message, { "WWW-Authenticate": challenge })
}
