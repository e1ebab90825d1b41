import type { DeviceClaims } from "@authchemy/protocol"

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
