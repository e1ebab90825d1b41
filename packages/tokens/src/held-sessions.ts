import type { SessionRecord } from "./store/store.ts"
import type { Session } from "./token-service.ts"

/** A session as it is held in memory. */
export type HeldSession = {
  record: SessionRecord
  /** What is answered: frozen, and the same object until something about it changes. */
  session: Session
  /** When it was read from the store, in milliseconds of a monotonic clock. */
  readAt: number
}

/** How many sessions a process holds in memory unless told otherwise: some 80 MB. */
export const HELD_SESSIONS = 100_000

/** Sessions by their tokens' digests; of those that have not been asked for for long, some are let go. */
export type HeldSessions = {
  get(digest: string): HeldSession | undefined
  set(digest: string, held: HeldSession): void
  delete(digest: string): void
  /** Looks at every one: for what is rare. */
  deleteWhere(isMeant: (held: HeldSession) => boolean): void
  clear(): void
  size(): number
}

/**
 * Two maps, a younger and an older one: what is found in the older is put into the younger, and when that is full, it becomes the older and
 * the older is let go. So a look-up costs one or two of a plain map's, and no list is kept in order.
 * @param most how many sessions are held at most
 */
export function createHeldSessions(most: number): HeldSessions {
  const half = Math.max(1, Math.floor(most / 2))
  let younger = new Map<string, HeldSession>()
  let older = new Map<string, HeldSession>()

  const set = (digest: string, held: HeldSession) => {
    if (younger.size >= half && !younger.has(digest)) {
      older = younger
      younger = new Map()
    }
    younger.set(digest, held)
  }

  return {
    get: (digest) => {
      const held = younger.get(digest)
      if (held !== undefined) return held
      const found = older.get(digest)
      if (found === undefined) return undefined
      older.delete(digest)
      set(digest, found)
      return found
    },
    set: (digest, held) => {
      older.delete(digest)
      set(digest, held)
    },
    delete: (digest) => {
      younger.delete(digest)
      older.delete(digest)
    },
    deleteWhere: (isMeant) => {
      for (const map of [younger, older]) {
        for (const [digest, held] of map) if (isMeant(held)) map.delete(digest)
      }
    },
    clear: () => {
      younger = new Map()
      older = new Map()
    },
    size: () => younger.size + older.size,
  }
}
