import { createHeldSessions, type HeldSession } from "./held-sessions.ts"
import type { Clock } from "./revocation/clock.ts"
import type { RevocationFeed } from "./revocation/feed.ts"
import { TOMBSTONE_MS } from "./revocation/feed-log.ts"
import { publicSession } from "./sessions.ts"
import { LAST_USE_RESOLUTION_MS, type SessionRecord, type TokenStore } from "./store/store.ts"
import { digestOf, parseToken } from "./token-format.ts"
import type { Session } from "./token-service.ts"

/** Tells whether an access token is good, in this process. */
export type Verifier = {
  /**
   * The session of an access token; `null` where it is malformed, unknown, expired or revoked, and where it is bound to a key (DPoP, RFC 9449)
   * other than the one whose possession has been proved: a bound token is no bearer token, nor the other way round.
   * @param keyThumbprint the JWK thumbprint (RFC 7638) of the proof that came with the token; left out for a bearer token
   * @returns frozen; the same object until something about the session changes
   * @throws StoreUnavailableError where that cannot be told: the caller answers 503, never a stale yes
   */
  verify(token: string, keyThumbprint?: string): Promise<Session | null>
  /** As `verify`, whatever key the token is bound to: for telling a resource server, which checks the proof itself (RFC 9449 §6.2). */
  inspect(token: string): Promise<Session | null>
  /** What `verify` would answer, where that can be told from memory at this moment; `undefined` where the store has to be asked. */
  verifyHeld(token: string, keyThumbprint?: string): Session | null | undefined
  /** What `inspect` would answer, as `verifyHeld`. */
  inspectHeld(token: string): Session | null | undefined
  /** Waits until the uses that were noted have been written. */
  close(): Promise<void>
}

/** How verifications ended, since the start: answered from memory, from the store, with no, or not at all. */
export type Verifications = { held: number; read: number; refused: number; unavailable: number }

/** Even what nobody announced is read again after this long, say a key that was deleted in Redis by hand. */
const HELD_AT_MOST_MS = TOMBSTONE_MS

/** Whether a session is one of an account or a client of which something has changed: who reads it anew finds out what. */
function belongsTo({ accountId, clientId }: SessionRecord, item: string): boolean {
  return item === `account:${accountId}` || item === `client:${clientId}`
}

/** What a verifier needs of the store. One that is far away may ask for the session by the token itself. */
export type SessionSource = Pick<TokenStore, "touchSession"> & {
  findSession(tag: string, digest: string, now: number, token: string): Promise<SessionRecord | null>
}

/** What a verifier needs of a feed. */
export type SessionFeed = Pick<
  RevocationFeed,
  "follow" | "isCurrent" | "isForgotten" | "generation" | "onForgotten"
>

/**
 * Makes a verifier that answers from memory while the feed says that it may, and else asks the store on each call. So what has been revoked is refused by every
 * call that begins after the revocation was acknowledged. Uses are noted aside, at most once a minute a session; a note that fails is made again at the next use.
 * @param options.heldSessions how many sessions are held in memory at most
 */
export function createSessionVerifier(options: {
  source: SessionSource
  feed: SessionFeed
  clock: Clock
  heldSessions: number
}): Verifier & { stats(): Verifications & { heldSessions: number } } {
  const { source, feed, clock } = options
  const held = createHeldSessions(options.heldSessions)
  const touching = new Map<string, Promise<void>>()
  const count: Verifications = { held: 0, read: 0, refused: 0, unavailable: 0 }
  const ended = feed.onForgotten((item) => {
    if (item === null) held.clear()
    else if (item.includes(":")) held.deleteWhere(({ record }) => belongsTo(record, item))
    else held.delete(item.slice(item.indexOf(".") + 1))
  })

  const noteUse = (tag: string, digest: string, at: number) => {
    if (touching.has(digest)) return
    const written = source
      .touchSession(tag, digest, at)
      .catch(() => {})
      .finally(() => touching.delete(digest))
    touching.set(digest, written)
  }

  const hold = (record: SessionRecord): HeldSession => {
    const session = Object.freeze(publicSession(record))
    return { record, session, readAt: clock.monotonic() }
  }

  /** A use of what is held: noted where the last one is long ago, and shown from now on. */
  const used = (found: HeldSession, at: number): Session => {
    const { record } = found
    if (at - record.lastUsedAt < LAST_USE_RESOLUTION_MS) return found.session
    noteUse(record.tag, record.digest, at)
    const shown = found.session
    found.record = { ...record, lastUsedAt: at }
    found.session = Object.freeze({ ...shown, lastUsedAt: at })
    return shown
  }

  /** From memory; `undefined` where it has to be read. That memory may be trusted is asked last: a process may be stopped at any point, for any time. */
  const look = (digest: string, at: number): HeldSession | null | undefined => {
    const found = held.get(digest)
    if (found === undefined || clock.monotonic() - found.readAt > HELD_AT_MOST_MS) return undefined
    if (!feed.isCurrent()) return undefined
    return found.record.expiresAt > at ? found : null
  }

  const read = async (
    tag: string,
    digest: string,
    at: number,
    token: string,
  ): Promise<HeldSession | null> => {
    feed.follow()
    const generation = feed.generation()
    const record = await source.findSession(tag, digest, at, token)
    // The read may have gone before a revocation that has been told since.
    if (record === null || feed.isForgotten(`${tag}.${digest}`)) return null
    const found = hold(record)
    if (generation === feed.generation() && feed.isCurrent()) held.set(digest, found)
    return found
  }

  const answer = (found: HeldSession | null, at: number, thumbprint: string | null | undefined) => {
    if (found === null || (thumbprint !== undefined && found.record.keyThumbprint !== thumbprint)) {
      count.refused++
      return null
    }
    return used(found, at)
  }

  /** @param thumbprint `undefined`: whatever key the token is bound to */
  const findHeld = (token: string, thumbprint: string | null | undefined): Session | null | undefined => {
    if (parseToken(token)?.kind !== "at") return null
    const at = clock.now()
    const found = look(digestOf(token), at)
    if (found === undefined) return undefined
    count.held++
    return answer(found, at, thumbprint)
  }

  const find = async (token: string, thumbprint: string | null | undefined): Promise<Session | null> => {
    const parsed = parseToken(token)
    if (parsed?.kind !== "at") {
      count.refused++
      return null
    }
    const digest = digestOf(token)
    const at = clock.now()
    const found = look(digest, at)
    if (found !== undefined) {
      count.held++
      return answer(found, at, thumbprint)
    }
    try {
      count.read++
      return answer(await read(parsed.tag, digest, at, token), at, thumbprint)
    } catch (error) {
      count.unavailable++
      throw error
    }
  }

  return {
    verify: (token, keyThumbprint) => find(token, keyThumbprint ?? null),
    inspect: (token) => find(token, undefined),
    verifyHeld: (token, keyThumbprint) => findHeld(token, keyThumbprint ?? null),
    inspectHeld: (token) => findHeld(token, undefined),
    stats: () => ({ ...count, heldSessions: held.size() }),
    close: async () => {
      ended()
      held.clear()
      await Promise.all(touching.values())
    },
  }
}
