import type { StatementSync } from "node:sqlite"
import { TOMBSTONE_MS } from "../revocation/feed-log.ts"
import type { SqliteConnection } from "./sqlite-connection.ts"

/** How many expired rows of a kind a write clears away on its way. */
export const SWEEP_ROWS = 8
/** How many a sweep of its own clears away in one transaction: some milliseconds. */
const STEP_ROWS = 100
/** How long after a step that found all it was looking for the next one comes. */
const STEP_PAUSE_MS = 50
/** How long after a step that found less. */
export const SWEEP_MS = 60_000

const KINDS = ["codes", "sessions", "devices", "kept", "feed"] as const

/** What expires. */
export type Expiring = (typeof KINDS)[number]

/** Clears away what has expired, a few rows at a time. */
export type SqliteSweeper = {
  /** Clears a few rows of a kind away, in the transaction that is under way. @param now milliseconds since the epoch, as all times here */
  sweep(kind: Expiring, now: number): void
  /** Notes how late it is, for the sweeps between the writes. */
  noteTime(now: number): void
  close(): void
}

/**
 * What a write brings, it pays for: up to `SWEEP_ROWS` expired rows of its kind leave with it. What that does not reach, because nothing of the kind is
 * written any more, leaves in steps once a minute. They go by the times that callers have named, so that there is one clock. The file does not get smaller; what
 * was freed is used again.
 */
export function createSqliteSweeper({ database, noting }: SqliteConnection): SqliteSweeper {
  const byExpiry = (table: string, key: string, expiry: string, returning = "") =>
    database.prepare(
      `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${expiry} <= ? LIMIT ?) ${returning}`,
    )
  const deleteRefresh = database.prepare("DELETE FROM authchemy_refresh WHERE family = ?")
  const statements: Record<Expiring, StatementSync> = {
    codes: byExpiry("authchemy_codes", "digest", "keep_until"),
    sessions: byExpiry("authchemy_sessions", "digest", "expires_at", "RETURNING digest"),
    devices: byExpiry("authchemy_devices", "digest", "keep_until"),
    kept: byExpiry("authchemy_kept", "key", "expires_at"),
    // What lies ahead was written before the clock was set back. An entry that goes early costs its readers a gap, and nothing else.
    feed: database.prepare(
      `DELETE FROM authchemy_feed WHERE number IN (SELECT number FROM authchemy_feed ORDER BY number LIMIT ?2)
         AND at NOT BETWEEN ?1 - ${TOMBSTONE_MS} AND ?1 + ${TOMBSTONE_MS}`,
    ),
  }
  let latest: number | null = null

  /** @returns how many rows went */
  const clear = (kind: Expiring, now: number, rows: number): number => {
    if (kind !== "sessions") return Number(statements[kind].run(now, rows).changes)
    const gone = statements.sessions.all(now, rows)
    for (const { digest } of gone) deleteRefresh.run(String(digest))
    return gone.length
  }

  /** @returns whether there may be more */
  const step = async (now: number): Promise<boolean> => {
    let more = false
    for (const kind of KINDS) {
      const gone = await noting(() => clear(kind, now, STEP_ROWS))
      more ||= gone === STEP_ROWS
    }
    return more
  }

  let timer: NodeJS.Timeout | undefined
  let closed = false
  const sweepLater = (ms: number) => {
    if (closed) return
    timer = setTimeout(async () => {
      // A file that cannot be written now is swept another time.
      const more = latest !== null && (await step(latest).catch(() => false))
      sweepLater(more ? STEP_PAUSE_MS : SWEEP_MS)
    }, ms)
    timer.unref()
  }
  sweepLater(SWEEP_MS)

  return {
    sweep: (kind, now) => {
      latest = now
      clear(kind, now, SWEEP_ROWS)
    },
    noteTime: (now) => {
      latest = now
    },
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }
}
