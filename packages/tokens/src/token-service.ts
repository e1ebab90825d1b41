import { randomBytes as secureRandomBytes } from "node:crypto"
import type { DeviceClaims } from "@authchemy/protocol"
import { issueCode, redeemCode } from "./codes.ts"
import { newSession, publicSession } from "./sessions.ts"
import type { TokenStore } from "./store/store.ts"
import { digestOf, parseToken, tagOf } from "./token-format.ts"
import { createVerifier } from "./verifier.ts"

/** A signed-in machine. Times are milliseconds since the epoch, UTC. */
export type Session = {
  id: string
  accountId: string
  device: DeviceClaims
  createdAt: number
  lastUsedAt: number
  expiresAt: number
}

/** A new session and its token. The token is nowhere else: the store keeps its SHA-256 digest only. */
export type IssuedToken = { token: string; session: Session }

/** The engine: codes, tokens, sessions and their end. Every method throws `StoreUnavailableError` where the store is out of reach. */
export type TokenService = {
  /**
   * Issues an authorization code: single use, 60 seconds (RFC 6749 §4.1.2).
   * @param request.redirectUri the loopback redirect target, compared as raw text at redemption
   * @param request.codeChallenge the S256 challenge (RFC 7636 §4.2), or `null` for a client without PKCE
   * @param request.device what the person approved; wins over what the redeeming client claims
   */
  issueCode(request: {
    accountId: string
    redirectUri: string
    codeChallenge: string | null
    device: DeviceClaims
  }): Promise<string>

  /**
   * Redeems a code. Of any number of calls with one code, exactly one gets a token; a second one by a party that holds the
   * verifier ends the session that the first one made (RFC 6749 §4.1.2); one without it changes nothing.
   * @param request.expiresInSeconds the session's lifetime, 60 to 7,776,000
   * @throws InvalidGrantError
   */
  redeemCode(request: {
    code: string
    redirectUri: string
    codeVerifier: string | null
    expiresInSeconds: number
    device: DeviceClaims
  }): Promise<IssuedToken>

  /** Makes a session without a code. */
  createSession(request: {
    accountId: string
    expiresInSeconds: number
    device: DeviceClaims
  }): Promise<IssuedToken>

  /** The session of a token; `null` where it is malformed, unknown, expired or revoked. */
  verify(token: string): Promise<Session | null>

  /** An account's live sessions, the newest first. */
  listSessions(accountId: string): Promise<Session[]>

  /** Ends the session of a token. `false` where there was none. When this resolves, the token is refused everywhere. */
  revoke(token: string): Promise<boolean>

  /** Ends the session of a revocation handle (`<tag>.<digest>`). `false` where there was none. */
  revokeByHandle(handle: string): Promise<boolean>

  /** Ends one session of an account by its id. `false` where the account has no such session. */
  revokeSession(accountId: string, sessionId: string): Promise<boolean>

  /** Ends all sessions of an account, or all but one. Returns how many were ended. */
  revokeSessions(accountId: string, except?: { sessionId: string }): Promise<number>

  /** Resolves where the store answers. */
  ready(): Promise<void>

  /** Waits for what is under way and closes the store. */
  close(): Promise<void>
}

const REVOCATION_HANDLE = /^([0-9A-Za-z]{4})\.([A-Za-z0-9\-_]{43})$/

/**
 * Makes the engine over a store, which it takes over and closes.
 * @param options.now milliseconds since the epoch; the system clock where left out
 * @param options.randomBytes a cryptographically secure source; Node's where left out
 */
export function createTokenService(options: {
  store: TokenStore
  now?: () => number
  randomBytes?: (size: number) => Uint8Array
}): TokenService {
  const { store, now = Date.now, randomBytes = secureRandomBytes } = options
  const source = { now, randomBytes }
  const verifier = createVerifier({ store, now })

  return {
    issueCode: (request) => issueCode(store, source, request),

    redeemCode: (request) => redeemCode(store, source, request),

    createSession: async (request) => {
      const createdAt = now()
      const { token, record, session } = newSession(source, createdAt, request)
      await store.createSession(record, createdAt)
      return { token, session }
    },

    verify: verifier.verify,

    listSessions: async (accountId) =>
      (await store.listSessions(tagOf(accountId), accountId, now())).map(publicSession),

    revoke: async (token) => {
      const parsed = parseToken(token)
      if (parsed?.kind !== "at") return false
      return store.revokeByDigest(parsed.tag, digestOf(token), now())
    },

    revokeByHandle: async (handle) => {
      const [, tag, digest] = REVOCATION_HANDLE.exec(handle) ?? []
      if (tag === undefined || digest === undefined) return false
      return store.revokeByDigest(tag, digest, now())
    },

    revokeSession: (accountId, sessionId) => store.revokeById(tagOf(accountId), accountId, sessionId, now()),

    revokeSessions: (accountId, except) =>
      store.revokeAll(tagOf(accountId), accountId, except?.sessionId ?? null, now()),

    ready: () => store.ping(),

    close: async () => {
      await verifier.close()
      await store.close()
    },
  }
}
