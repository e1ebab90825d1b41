import type { DeviceClaims, Scope } from "@authchemy/protocol"
import type { EndedSession } from "../events.ts"
import type { FeedTransport } from "../revocation/feed-transport.ts"
import type { Grant, Session } from "../token-service.ts"

/** A code as it is kept: an authorization code, or an approved device code. All but `usedBy` never changes. */
export type CodeRecord = Grant & {
  /** SHA-256 of the code, or of what names an account's approval of a device; base64url. */
  digest: string
  /** The account's tag; in Redis it names the slot. */
  tag: string
  /** `null` where no redirect was part of it: a device code. */
  redirectUri: string | null
  codeChallenge: string | null
  /** The key that the tokens must be bound to (RFC 9449 §10), or `null` where any will do. */
  keyThumbprint: string | null
  /** Whether a second redemption ends the session of the first one. */
  endsOnReplay: boolean
  /** Milliseconds since the epoch. */
  expiresAt: number
  /** The digest of the session it was redeemed for, or `null`. */
  usedBy: string | null
}

/**
 * A session as it is kept, base64url digests all: one without a refresh token under the SHA-256 of its access token; one with a refresh token
 * under the digest of its family, and each access token beside it as a copy that names the `family` and has an expiry of its own.
 */
export type SessionRecord = Session & { digest: string; tag: string; family: string | null }

/** A session that comes into being, and where it can be refreshed, its first refresh token's digest and its first access token. */
export type SessionCreation = {
  session: SessionRecord
  refresh: { current: string; access: SessionRecord } | null
}

/** What is known of a family of refresh tokens. */
export type RefreshRecord = {
  session: SessionRecord
  /** Digest of the refresh token that is good now. */
  current: string
}

/**
 * Tokens that have ended in the store and that other processes may still hold in memory. Whoever is told of it sees to it that they forget, before
 * saying that anything has ended.
 */
export type Revocation = {
  /** The live sessions that this call ended. */
  sessions: readonly EndedSession[]
  /** Their tokens as items of the feed, and those that an earlier call ended without its being known that they are forgotten everywhere. */
  items: readonly string[]
  /** Whether an earlier call may have ended some that others still hold: then what was appended to the feed before is to be waited for. */
  unsettled: boolean
}

/** What became of all that an account had. */
export type RevocationOfAll = Revocation & {
  /** How many codes were there that could still have been redeemed. */
  voided: number
  /**
   * Resolves when replicas, where they are to be waited for, have it that the codes are void.
   * @throws StoreUnavailableError where they do not have it in time: done again, it is repeated as a whole
   */
  confirmed(): Promise<void>
}

/** What became of a rotation. `repeated`: the answer to the first one is to be given again; it was made with `nonce`. */
export type RotationOutcome = { revocation: Revocation } & (
  | { outcome: "rotated" }
  | { outcome: "repeated"; nonce: string; access: SessionRecord }
  | { outcome: "replayed" | "unknown" }
)

/** A device that waits for a person (RFC 8628), as it is kept. */
export type DeviceRecord = {
  /** SHA-256 of the device code, base64url. */
  digest: string
  /** SHA-256 of the user code, base64url. */
  userCodeDigest: string
  /** The user code's tag, which the device code carries; in Redis it names the slot. */
  tag: string
  clientId: string
  scopes: readonly Scope[]
  device: DeviceClaims
  /** The network address that the request came from, as text. */
  address: string
  codeChallenge: string | null
  /** Milliseconds since the epoch, as all times here. */
  createdAt: number
  expiresAt: number
  /** `pending` → `claimed` by an account → `approved` or `denied` by that account. */
  state: "pending" | "claimed" | "approved" | "denied"
  accountId: string | null
  intervalMs: number
  lastPolledAt: number | null
}

/**
 * Where codes, sessions and devices are kept. Each method but `revokeClient` is atomic: it happens as a whole or not at all, and no other call, in
 * this process or another, sees or makes a state in between. Each rejects with `StoreUnavailableError` where the store did not
 * answer; then it may have happened or not, and doing it again is harmless. Times are milliseconds since the epoch. What has
 * expired by `now` is as good as gone.
 */
export interface TokenStore {
  /** Carries what has ended to every process that shares the store. Closed by whoever made a feed of it, before the store. */
  readonly feed: FeedTransport

  /** Keeps a code until it expires, `LONGEST_CODE_LIFE_MS` at most. One that is there already under this digest is replaced unless it has been used. */
  putCode(code: CodeRecord, now: number): Promise<void>

  /** The code of a digest: until it expires unused or is voided, or until ten minutes after it was redeemed. */
  findCode(tag: string, digest: string): Promise<CodeRecord | null>

  /**
   * Redeems a code that the caller has found and judged: if it is there and unused, marks it used by the session, creates
   * the session and indexes it, in one step. If it is used and says so, ends the session it was used for, in one step. Of any
   * number of calls for one code, at the same moment or not, exactly one returns `"redeemed"`.
   */
  redeemCode(
    code: CodeRecord,
    creation: SessionCreation,
    now: number,
  ): Promise<{ outcome: "redeemed" | "replayed" | "unknown"; revocation: Revocation }>

  /** Creates a session and indexes it under its account. */
  createSession(creation: SessionCreation, now: number): Promise<void>

  /** The live session of a token's digest. */
  findSession(tag: string, digest: string, now: number): Promise<SessionRecord | null>

  /** The live family of a digest. */
  findRefresh(tag: string, family: string, now: number): Promise<RefreshRecord | null>

  /**
   * Rotates a refresh token: if `presented` is the current one, `next` takes its place, with its access token; the access token before stays,
   * the one before that ends. If `presented` is the one before and was rotated less than `ROTATION_GRACE_MS` ago, nothing changes, and
   * what it was rotated to is told. Any other ends the whole session. All in one step: of any number of calls with one token, one rotates it.
   */
  rotateRefresh(
    request: {
      tag: string
      family: string
      presented: string
      next: { current: string; nonce: string; access: SessionRecord }
    },
    now: number,
  ): Promise<RotationOutcome>

  /** The account's live sessions, the newest first. */
  listSessions(tag: string, accountId: string, now: number): Promise<SessionRecord[]>

  /** Notes a use: never backwards, at most once in `LAST_USE_RESOLUTION_MS`, and never bringing an ended session back. */
  touchSession(tag: string, digest: string, now: number): Promise<void>

  /**
   * Ends the session of a digest, be it that of a token or of a family: its record, its index entry, its access tokens and its refresh token
   * are gone.
   */
  revokeByDigest(tag: string, digest: string, now: number): Promise<Revocation>

  /** Ends one session of an account. */
  revokeById(tag: string, accountId: string, sessionId: string, now: number): Promise<Revocation>

  /**
   * Ends all sessions of an account but `exceptId`, and voids the codes of this account that were put before and are unused: nobody finds or redeems them any more. All in
   * one step, so that no session comes of an approval from before. It counts when it is confirmed, too.
   */
  revokeAll(tag: string, accountId: string, exceptId: string | null, now: number): Promise<RevocationOfAll>

  /**
   * Ends all sessions of a client, whoever their accounts are, batch by batch: each batch is atomic for each session, and the next one is begun when it is asked for. One that
   * is made meanwhile may be spared. Where it is interrupted, what has ended stays so; done again, it goes on, and tells once more what had not been seen to be
   * forgotten everywhere, which may be that of others, too.
   * @throws StoreUnavailableError in the midst of it
   */
  revokeClient(clientId: string, now: number): AsyncIterable<Revocation>

  /** Keeps a device until ten minutes after it expires. `false` where its user code is taken. */
  putDevice(device: DeviceRecord, now: number): Promise<boolean>

  /**
   * The device of a device code's digest, with the poll noted: where it comes sooner than `intervalMs` after the one before, the interval
   * grows by `SLOW_DOWN_MS` up to `LONGEST_POLL_INTERVAL_MS` and stays so, and `tooSoon` is true.
   */
  pollDevice(tag: string, digest: string, now: number): Promise<(DeviceRecord & { tooSoon: boolean }) | null>

  /** Binds a pending device to an account. Returns what stands there afterwards: whoever came first is at it. */
  claimDevice(
    tag: string,
    userCodeDigest: string,
    accountId: string,
    now: number,
  ): Promise<DeviceRecord | null>

  /** Moves a live device that this account has claimed; to `pending`: lets go of it. `false` where it is not so. */
  decideDevice(
    tag: string,
    userCodeDigest: string,
    accountId: string,
    state: "approved" | "denied" | "pending",
    now: number,
  ): Promise<boolean>

  /** Keeps a text under a key until `expiresAt`. `false`, and nothing changes, where the key is there: of any number of calls one gets `true`. */
  keep(key: string, text: string, expiresAt: number, now: number): Promise<boolean>

  /** The text of a key. */
  recall(key: string, now: number): Promise<string | null>

  /** The text of a key, which is gone then: of any number of calls one gets it. */
  take(key: string, now: number): Promise<string | null>

  /** Resolves where the store answers. */
  ping(): Promise<void>

  close(): Promise<void>
}

/** A session's last use is kept to within a minute, so that a busy session costs one write a minute. */
export const LAST_USE_RESOLUTION_MS = 60_000
/** No code can be redeemed longer than this: a device's approval lives as long as the device may, and then for two of its slowest polls. */
export const LONGEST_CODE_LIFE_MS = 12 * 60_000
/** A redeemed code is remembered this long, so that a late replay still ends the session it made. */
export const USED_CODE_RETENTION_MS = 10 * 60_000
/** An expired device is remembered this long, so that its poll is told what happened. */
export const EXPIRED_DEVICE_RETENTION_MS = 10 * 60_000
/** How long the same successor is handed out again to a client that lost the answer. */
export const ROTATION_GRACE_MS = 10_000
/** What a poll that comes too soon adds to the interval (RFC 8628 §3.5). */
export const SLOW_DOWN_MS = 5_000
/** The interval grows no further, so that a client that has become patient gets there before the code expires. */
export const LONGEST_POLL_INTERVAL_MS = 60_000
