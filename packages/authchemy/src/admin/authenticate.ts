import { DEFAULT_SCOPES, type Scope, WIRE_ERRORS, type WireErrorCode } from "@authchemy/protocol"
import { parseToken, type Session, type TokenService } from "@authchemy/tokens"
import type { Context, MiddlewareHandler } from "hono"
import type { Account, Accounts } from "../accounts/accounts.ts"
import type { HeldAccounts } from "../accounts/remembered.ts"
import type { Clients } from "../clients/clients.ts"
import type { HeldClients } from "../clients/remembered.ts"
import { DpopError } from "../dpop/dpop-error.ts"
import { DPOP_ALGORITHMS, type DpopVerifier } from "../dpop/proof.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { refuseCredentialsInQuery } from "../routes/query-credentials.ts"
import type { AccessKeyRecord, AccessKeys } from "./access-keys.ts"

/** Who calls, with what, and what that may be used for. */
export type Caller = {
  account: Account
  credential: { type: "session"; session: Session } | { type: "access_key"; accessKey: AccessKeyRecord }
  scopes: readonly Scope[]
}

/** What every route of the admin API finds in its context. */
export type AdminEnv = { Variables: AppEnv["Variables"] & { caller: Caller } }

/** What `heldCaller` looks into. */
export type HeldDeps = {
  tokens: {
    /** As `verify`, of a bearer token; `undefined` where the store has to be asked. */
    verifyHeld(token: string): Session | null | undefined
  }
  accounts: HeldAccounts
  clients: HeldClients
}

type AuthenticateDeps = {
  tokens: TokenService
  accounts: Accounts
  accessKeys: AccessKeys
  clients: Clients
  dpop: DpopVerifier
}

/**
 * Finds out who calls: `Authorization: Bearer` with an auth token or an access key (RFC 6750 §2.1), or `Authorization: DPoP` with a token that is bound to
 * a key, and a proof of that key (RFC 9449 §7.1). Anything else is 401, in the same words for every reason; a credential in the query is
 * 400, a good one in the header or not.
 */
export function authenticate(deps: AuthenticateDeps): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    refuseCredentialsInQuery(c.req.url)
    const header = c.req.header("authorization")
    if (header === undefined)
      throw refused("Send an auth token or an access key as Authorization: Bearer.", "Bearer")
    const { byProof, secret } = readAuthorization(header)
    const credential = byProof ? await provenSession(c, deps, secret) : await credentialOf(deps, secret)
    const account = credential === null ? null : await deps.accounts.find(accountIdOf(credential))
    if (credential === null || account === null) {
      const challenge = challengeOf(byProof, WIRE_ERRORS.invalidToken)
      throw refused("The credential is unknown, expired or revoked.", challenge)
    }
    c.set("caller", callerOf(account, credential))
    await next()
  }
}

/**
 * Who calls with a bearer token, of what is in memory; `null` where memory cannot tell, and for everybody who is not let in or calls with something else:
 * `authenticate` is the one that refuses.
 * @param authorization the header
 */
export function heldCaller(deps: HeldDeps, authorization: string): Caller | null {
  const { byProof, secret } = readAuthorization(authorization)
  const session = byProof ? null : deps.tokens.verifyHeld(secret)
  if (session === null || session === undefined) return null
  const account = deps.accounts.findHeld(session.accountId)
  if (account === undefined || deps.clients.findHeldOfSession(session) === undefined) return null
  return callerOf(account, { type: "session", session })
}

/** Lets through who has a scope. @throws RequestRefused 403 (RFC 6750 §3.1) */
export function requireScope({ credential, scopes }: Caller, scope: Scope): void {
  if (scopes.includes(scope)) return
  const byProof = credential.type === "session" && credential.session.keyThumbprint !== null
  const challenge = `${challengeOf(byProof, WIRE_ERRORS.insufficientScope)}, scope="${scope}"`
  throw new RequestRefused(403, WIRE_ERRORS.insufficientScope, `This needs the scope ${scope}.`, {
    "WWW-Authenticate": challenge,
  })
}

/** What stands in `Authorization`; an empty secret where it is nothing that is known here. */
function readAuthorization(header: string): { byProof: boolean; secret: string } {
  const [, scheme = "", secret = ""] = /^(Bearer|DPoP) +([\x21-\x7e]+) *$/i.exec(header) ?? []
  return { byProof: scheme.toLowerCase() === "dpop", secret }
}

function callerOf(account: Account, credential: Caller["credential"]): Caller {
  return { account, credential, scopes: scopesOfCredential(credential) }
}

async function credentialOf(deps: AuthenticateDeps, bearer: string): Promise<Caller["credential"] | null> {
  switch (parseToken(bearer)?.kind) {
    case "at":
      return sessionOfClient(deps, await deps.tokens.verify(bearer))
    case "ak": {
      const accessKey = await deps.accessKeys.verify(bearer)
      return accessKey === null ? null : { type: "access_key", accessKey }
    }
    default:
      return null
  }
}

async function provenSession(
  c: Context<AdminEnv>,
  deps: AuthenticateDeps,
  accessToken: string,
): Promise<Caller["credential"] | null> {
  c.header("DPoP-Nonce", deps.dpop.nonce())
  try {
    const { method, path } = c.req
    const proof = c.req.header("dpop") ?? null
    const { thumbprint } = await deps.dpop.verify({ proof, method, path, accessToken })
    return sessionOfClient(deps, await deps.tokens.verify(accessToken, thumbprint))
  } catch (error) {
    if (!(error instanceof DpopError)) throw error
    throw refused(error.message, challengeOf(true, error.code), error.code)
  }
}

/** What a client's removal leaves behind is refused. */
async function sessionOfClient(
  { clients }: AuthenticateDeps,
  session: Session | null,
): Promise<Caller["credential"] | null> {
  if (session === null || (await clients.findOfSession(session)) === null) return null
  return { type: "session", session }
}

function scopesOfCredential(credential: Caller["credential"]): readonly Scope[] {
  return credential.type === "session"
    ? credential.session.scopes
    : (credential.accessKey.scopes ?? DEFAULT_SCOPES)
}

function accountIdOf(credential: Caller["credential"]): string {
  return credential.type === "session" ? credential.session.accountId : credential.accessKey.accountId
}

/** A challenge in the scheme that the caller used (RFC 6750 §3, RFC 9449 §7.1). */
function challengeOf(byProof: boolean, error: WireErrorCode): string {
  return byProof ? `DPoP error="${error}", algs="${DPOP_ALGORITHMS.join(" ")}"` : `Bearer error="${error}"`
}

function refused(
  message: string,
  challenge: string,
  code: WireErrorCode = WIRE_ERRORS.invalidToken,
): RequestRefused {
  return new RequestRefused(401, code, message, { "WWW-Authenticate": challenge })
}
