import { WIRE_ERRORS } from "@authchemy/protocol"
import { parseToken, type Session, type TokenService } from "@authchemy/tokens"
import type { MiddlewareHandler } from "hono"
import type { Account, Accounts } from "../accounts/accounts.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { refuseCredentialsInQuery } from "../routes/query-credentials.ts"
import type { AccessKeyRecord, AccessKeys } from "./access-keys.ts"

/** Who calls, and with what. */
export type Caller = {
  account: Account
  credential: { type: "session"; session: Session } | { type: "access_key"; accessKey: AccessKeyRecord }
}

/** What every route of the admin API finds in its context. */
export type AdminEnv = { Variables: AppEnv["Variables"] & { caller: Caller } }

/**
 * Finds out who calls: `Authorization: Bearer` with an auth token or an access key (RFC 6750 §2.1). Anything else is 401, in the same words
 * for every reason; a credential in the query is 400, a good one in the header or not.
 */
export function authenticate(deps: {
  tokens: TokenService
  accounts: Accounts
  accessKeys: AccessKeys
}): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    if (c.req.url.includes("?")) refuseCredentialsInQuery(c.req.url)
    const header = c.req.header("authorization")
    if (header === undefined)
      throw refused("Send an auth token or an access key as Authorization: Bearer.", "Bearer")
    const bearer = /^Bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1] ?? ""
    const credential = await credentialOf(deps, bearer)
    const account = credential === null ? null : await deps.accounts.find(accountIdOf(credential))
    if (credential === null || account === null) {
      throw refused("The credential is unknown, expired or revoked.", 'Bearer error="invalid_token"')
    }
    c.set("caller", { account, credential })
    await next()
  }
}

async function credentialOf(
  deps: { tokens: TokenService; accessKeys: AccessKeys },
  bearer: string,
): Promise<Caller["credential"] | null> {
  switch (parseToken(bearer)?.kind) {
    case "at": {
      const session = await deps.tokens.verify(bearer)
      return session === null ? null : { type: "session", session }
    }
    case "ak": {
      const accessKey = await deps.accessKeys.verify(bearer)
      return accessKey === null ? null : { type: "access_key", accessKey }
    }
    default:
      return null
  }
}

function accountIdOf(credential: Caller["credential"]): string {
  return credential.type === "session" ? credential.session.accountId : credential.accessKey.accountId
}

function refused(message: string, challenge: string): RequestRefused {
  return new RequestRefused(401, WIRE_ERRORS.invalidToken, message, { "WWW-Authenticate": challenge })
}
