import { type Scope, WIRE_ERRORS, type WireErrorCode } from "@authchemy/protocol"
import { StoreUnavailableError } from "../errors.ts"
import type { Session } from "../token-service.ts"
import type { Verifier } from "../verifier.ts"

/** What is known of a request before it is let in. */
export type Presented = {
  /** The `Authorization` header; `undefined` where there is none. */
  authorization: string | undefined
  /** The request's target: a path or a URL, with its query. */
  url: string
}

/** An answer to a request that is not let in. */
export type Refusal = {
  status: 400 | 401 | 403 | 503
  headers: Readonly<Record<string, string>>
  /** JSON. */
  body: string
}

/** Either the session of whoever calls, or the answer that refuses the call. */
export type Judgement = { session: Session; refusal?: never } | { session?: never; refusal: Refusal }

/**
 * Judges a request by its bearer token (RFC 6750): 401 where there is none that is good, 403 where it lacks a scope, 400 where a credential stands in the query, 503 where nothing is known. A token that is
 * bound to a key (DPoP, RFC 9449) is no bearer token, and is refused as an unknown one is.
 * @param scopes all of them are needed
 */
export async function judge(
  verifier: Pick<Verifier, "verify">,
  { authorization, url }: Presented,
  scopes: readonly Scope[],
): Promise<Judgement> {
  if (hasTokenInQuery(url)) {
    return refused(
      400,
      WIRE_ERRORS.invalidRequest,
      "access_token must not be in the query; send it as Authorization: Bearer.",
    )
  }
  const scheme = authorization?.split(" ", 1)[0]?.toLowerCase()
  if (authorization === undefined || scheme !== "bearer") return unauthenticated()
  const token = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1]
  try {
    const session = token === undefined ? null : await verifier.verify(token)
    if (session === null) {
      return refused(401, WIRE_ERRORS.invalidToken, "The access token is unknown, expired or revoked.")
    }
    const missing = scopes.filter((scope) => !session.scopes.includes(scope))
    if (missing.length === 0) return { session }
    const sentence = `This needs the scope ${missing.join(" ")}.`
    return refused(403, WIRE_ERRORS.insufficientScope, sentence, { scope: scopes.join(" ") })
  } catch (error) {
    if (error instanceof StoreUnavailableError) return unknown()
    throw error
  }
}

/** Queries end up in logs and histories (RFC 9700 §4.3.2). */
function hasTokenInQuery(url: string): boolean {
  const start = url.indexOf("?")
  return start !== -1 && new URLSearchParams(url.slice(start)).has("access_token")
}

/** Who sent no bearer token is told what is wanted, and no error code (RFC 6750 §3.1). */
function unauthenticated(): Judgement {
  const message = "Send an access token as Authorization: Bearer."
  return {
    refusal: { status: 401, ...answer(WIRE_ERRORS.invalidToken, message, { "WWW-Authenticate": "Bearer" }) },
  }
}

function refused(
  status: 400 | 401 | 403,
  code: WireErrorCode,
  message: string,
  attributes: Readonly<Record<string, string>> = {},
): Judgement {
  const pairs = Object.entries({ error: code, ...attributes }).map(([name, value]) => `${name}="${value}"`)
  const headers = { "WWW-Authenticate": `Bearer ${pairs.join(", ")}` }
  return { refusal: { status, ...answer(code, message, headers) } }
}

/** Nothing is known of the token: neither yes nor no. */
function unknown(): Judgement {
  const message = "It cannot be told at this moment whether the access token is good. Try again in a moment."
  return {
    refusal: { status: 503, ...answer(WIRE_ERRORS.temporarilyUnavailable, message, { "Retry-After": "1" }) },
  }
}

function answer(
  code: WireErrorCode,
  message: string,
  headers: Readonly<Record<string, string>>,
): Omit<Refusal, "status"> {
  return {
    headers: { ...headers, "Content-Type": "application/json", "Cache-Control": "no-store" },
    body: JSON.stringify({ error: code, error_description: message }),
  }
}
