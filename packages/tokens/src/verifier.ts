import { publicSession } from "./sessions.ts"
import { LAST_USE_RESOLUTION_MS, type TokenStore } from "./store/store.ts"
import { digestOf, parseToken } from "./token-format.ts"
import type { Session } from "./token-service.ts"

/** Tells whether an access token is good, in this process. */
export type Verifier = {
  /**
   * The session of an access token; `null` where it is malformed, unknown, expired or revoked, and where it is bound to a key (DPoP, RFC 9449)
   * other than the one whose possession has been proved: a bound token is no bearer token, nor the other way round.
   * @param keyThumbprint the JWK thumbprint (RFC 7638) of the proof that came with the token; left out for a bearer token
   * @throws StoreUnavailableError where that cannot be told: the caller answers 503, never a stale yes
   */
  verify(token: string, keyThumbprint?: string): Promise<Session | null>
  /** As `verify`, whatever key the token is bound to: for telling a resource server, which checks the proof itself (RFC 9449 §6.2). */
  inspect(token: string): Promise<Session | null>
  /** Waits until the uses that were noted have been written. */
  close(): Promise<void>
}

/**
 * Makes a verifier that asks the store on each call: what has been revoked is refused from the next call on, everywhere. Uses are
 * noted aside, at most once a minute a session; a note that fails is made again at the next use.
 * @param options.now milliseconds since the epoch
 */
export function createVerifier(options: { store: TokenStore; now: () => number }): Verifier {
  const { store, now } = options
  const touching = new Map<string, Promise<void>>()

  const noteUse = (tag: string, digest: string, at: number) => {
    if (touching.has(digest)) return
    const written = store
      .touchSession(tag, digest, at)
      .catch(() => {})
      .finally(() => touching.delete(digest))
    touching.set(digest, written)
  }

  const find = async (token: string, mayBeUsed: (session: Session) => boolean): Promise<Session | null> => {
    const parsed = parseToken(token)
    if (parsed?.kind !== "at") return null
    const digest = digestOf(token)
    const at = now()
    const record = await store.findSession(parsed.tag, digest, at)
    if (record === null || !mayBeUsed(record)) return null
    if (at - record.lastUsedAt >= LAST_USE_RESOLUTION_MS) noteUse(parsed.tag, digest, at)
    return publicSession(record)
  }

  return {
    verify: (token, keyThumbprint) =>
      find(token, (session) => session.keyThumbprint === (keyThumbprint ?? null)),
    inspect: (token) => find(token, () => true),
    close: async () => {
      await Promise.all(touching.values())
    },
  }
}
