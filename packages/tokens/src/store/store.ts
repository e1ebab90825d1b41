import type { DeviceClaims } from "@authchemy/protocol"
import type { Session } from "../token-service.ts"

/** An authorization code as it is kept. All but `usedBy` never changes. */
export type CodeRecord = {
  /** SHA-256 of the code, base64url. */
  digest: string
  /** The account's tag; in Redis it names the slot. */
  tag: string
  accountId: string
  redirectUri: string
  codeChallenge: string | null
  device: DeviceClaims
  /** Milliseconds since the epoch. */
  expiresAt: number
  /** The digest of the token it was redeemed for, or `null`. */
  usedBy: string | null
}

/** A session as it is kept: under the SHA-256 of its token, base64url. */
export type SessionRecord = Session & { digest: string; tag: string }

/**
 * Where codes and sessions are kept. Each method is atomic: it happens as a whole or not at all, and no other call, in
 * this process or another, sees or makes a state in between. Each rejects with `StoreUnavailableError` where the store did not
 * answer; then it may have happened or not, and doing it again is harmless. Times are milliseconds since the epoch. What has
 * expired by `now` is as good as gone.
 */
export interface TokenStore {
  /** Keeps a code until it expires. */
  putCode(code: CodeRecord, now: number): Promise<void>

  /** The code of a digest: until it expires unused, or until ten minutes after it was redeemed. */
  findCode(tag: string, digest: string): Promise<CodeRecord | null>

  /**
   * Redeems a code that the caller has found and judged: if it is there and unused, marks it used by the session, creates
   * the session and indexes it, in one step. If it is used, ends the session it was used for, in one step. Of any number of
   * calls for one code, at the same moment or not, exactly one returns `"redeemed"`.
   */
  redeemCode(
    code: CodeRecord,
    session: SessionRecord,
    now: number,
  ): Promise<"redeemed" | "replayed" | "unknown">

  /** Creates a session and indexes it under its account. */
  createSession(session: SessionRecord, now: number): Promise<void>

  /** The live session of a token's digest. */
  findSession(tag: string, digest: string, now: number): Promise<SessionRecord | null>

  /** The account's live sessions, the newest first. */
  listSessions(tag: string, accountId: string, now: number): Promise<SessionRecord[]>

  /** Notes a use: never backwards, at most once in `LAST_USE_RESOLUTION_MS`, and never bringing an ended session back. */
  touchSession(tag: string, digest: string, now: number): Promise<void>

  /** Ends the session of a digest: its record and its index entry are gone. `false` where there was no live one. */
  revokeByDigest(tag: string, digest: string, now: number): Promise<boolean>

  /** Ends one session of an account. `false` where the account has no live session of this id. */
  revokeById(tag: string, accountId: string, sessionId: string, now: number): Promise<boolean>

  /** Ends all sessions of an account but `exceptId`. Returns how many live ones were ended. */
  revokeAll(tag: string, accountId: string, exceptId: string | null, now: number): Promise<number>

  /** Resolves where the store answers. */
  ping(): Promise<void>

  close(): Promise<void>
}

/** A session's last use is kept to within a minute, so that a busy session costs one write a minute. */
export const LAST_USE_RESOLUTION_MS = 60_000
/** A redeemed code is remembered this long, so that a late replay still ends the session it made. */
export const USED_CODE_RETENTION_MS = 10 * 60_000
