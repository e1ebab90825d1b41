import { setImmediate as nextTurn } from "node:timers/promises"
import type { SqliteConnection } from "./sqlite-connection.ts"
import type { Revocation, TokenStore } from "./store.ts"

/** How many rows are looked at in one step: a few milliseconds. */
const PAGE_ROWS = 1_000
/** How many sessions end in one transaction. */
const BATCH_SESSIONS = 200

/** A session of an account with this tag. */
export type TaggedDigest = { tag: string; digest: string }

/**
 * Ends a client's sessions on a walk over all of them in the order of their digests, which no write disturbs. There is no index for it: every sign-in would pay for what is done once in a client's life.
 * @param end ends sessions in the transaction that is under way
 */
export function revokeClientOnSqlite(
  { database, reading, writing }: SqliteConnection,
  end: (sessions: readonly TaggedDigest[], now: number) => Revocation,
): TokenStore["revokeClient"] {
  const page = database.prepare(
    "SELECT digest, tag, client_id, family FROM authchemy_sessions WHERE digest > ? ORDER BY digest LIMIT ?",
  )

  return async function* (clientId, now): AsyncGenerator<Revocation> {
    let after = ""
    let endedAny = false
    for (let more = true; more; ) {
      const rows = await reading(() => page.all(after, PAGE_ROWS))
      const sessions = rows
        .filter((row) => row.client_id === clientId && row.family === null)
        .map((row) => ({ tag: String(row.tag), digest: String(row.digest) }))
      for (let first = 0; first < sessions.length; first += BATCH_SESSIONS) {
        const batch = sessions.slice(first, first + BATCH_SESSIONS)
        yield await writing(() => end(batch, now))
        endedAny = true
      }
      after = String(rows.at(-1)?.digest)
      more = rows.length === PAGE_ROWS
      await nextTurn()
    }
    // What an interrupted call ended is on the feed, and may still have to be waited for.
    if (!endedAny) yield { sessions: [], items: [], unsettled: true }
  }
}
