import { type FSWatcher, watch } from "node:fs"
import type { FeedNews, FeedTransport, Followers } from "../revocation/feed-transport.ts"
import type { SqliteConnection } from "./sqlite-connection.ts"
import type { SqliteSweeper } from "./sqlite-sweeper.ts"

/** How often it is looked whether another process has written to the file, where the system does not say so sooner. */
const LOOK_MS = 10
/** How often it is looked at most, however often others write. */
const SHORTEST_LOOK_MS = 1
/** How many entries a renewal tells. */
const ENTRIES = 500

/** The feed in the file. What ends is put on it in the transaction that ends it. */
export type SqliteFeed = {
  /** Appends an entry of tokens' items in the transaction that is under way. */
  append(items: readonly string[], now: number): void
  transport: FeedTransport
}

/**
 * The feed in the SQLite file. A lease is given only when what came before it has been acknowledged in the file, so a follower's row says all, and a renewal that finds nothing
 * new reads and writes nothing. Its number is read before its row: whoever appends in between finds the row, and waits for it.
 * That other processes have written is told by `PRAGMA data_version`, and when to look by the system, which watches the write-ahead log.
 */
export function createSqliteFeed(
  { database, reading, noting }: SqliteConnection,
  sweeper: SqliteSweeper,
): SqliteFeed {
  const statements = {
    append: database.prepare("INSERT INTO authchemy_feed (items, at) VALUES (?, ?)"),
    last: database.prepare(
      "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'authchemy_feed'), 0) AS last",
    ),
    since: database.prepare(
      "SELECT number, items FROM authchemy_feed WHERE number > ? ORDER BY number LIMIT ?",
    ),
    follower: database.prepare("SELECT acknowledged FROM authchemy_followers WHERE id = ?"),
    followers: database.prepare("SELECT id, acknowledged FROM authchemy_followers"),
    acknowledge: database.prepare(
      "INSERT INTO authchemy_followers VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET acknowledged = ?2",
    ),
    drop: database.prepare("DELETE FROM authchemy_followers WHERE id = ? AND acknowledged = ?"),
    leave: database.prepare("DELETE FROM authchemy_followers WHERE id = ?"),
    version: database.prepare("PRAGMA data_version"),
  }
  let tell = (_news: FeedNews) => {}
  let tellAcknowledged = (_follower: string, _number: number) => {}
  let timer: NodeJS.Timeout | undefined
  let watcher: FSWatcher | undefined
  let version = 0
  let told = 0
  let soon: NodeJS.Timeout | undefined

  const append = (items: readonly string[], now: number) => {
    if (items.length === 0) return
    statements.append.run(items.join(" "), now)
    sweeper.sweep("feed", now)
  }
  const last = () => Number(statements.last.get()?.last)
  const followers = (): Followers =>
    new Map(
      statements.followers
        .all()
        .map(({ id, acknowledged }) => [String(id), { acknowledged: Number(acknowledged), renewals: 0 }]),
    )
  const acknowledged = (follower: string): number | null => {
    const row = statements.follower.get(follower)
    return row === undefined ? null : Number(row.acknowledged)
  }

  /** Looks whether another connection has written, and if so, what that may be about. */
  const look = () => {
    try {
      const now = Number(statements.version.get()?.data_version)
      if (now === version) return
      for (const [follower, { acknowledged: number }] of followers()) {
        tellAcknowledged(follower, number)
      }
      const end = last()
      if (end !== told) tell({ kind: "appended", entry: null })
      told = end
      version = now
    } catch {
      // A file that cannot be read is found out, and told, by the renewal.
    }
  }

  /** Looks soon: once for all that is written within a millisecond. */
  const lookSoon = () => {
    soon ??= setTimeout(() => {
      soon = undefined
      look()
    }, SHORTEST_LOOK_MS)
  }

  return {
    append,
    transport: {
      renew: async (follower, holds) => {
        const read = () => ({ end: last(), row: acknowledged(follower) })
        const { end, row } = await reading(read)
        const number = holds ?? end
        if (number > end) return { epoch: "", last: end, entries: null, leaseMs: 0 }
        if (number < end) {
          const found = await reading(() => statements.since.all(number, ENTRIES))
          const isNext = Number(found[0]?.number) === number + 1
          const entries = found.map((entry) => ({
            number: Number(entry.number),
            items: String(entry.items).split(" "),
          }))
          return { epoch: "", last: end, entries: isNext ? entries : null, leaseMs: 0 }
        }
        if (row === number) return { epoch: "", last: end, entries: [] }
        const now = await noting(() => {
          statements.acknowledge.run(follower, number)
          return last()
        })
        tellAcknowledged(follower, number)
        return { epoch: "", last: now, entries: [], leaseMs: now === number ? undefined : 0 }
      },

      replicate: async () => {},

      append: async (items) => {
        // Those of tokens were appended when the tokens ended.
        const names = items.filter((item) => item.includes(":"))
        if (names.length === 0) return reading(() => ({ number: last(), followers: followers() }))
        return noting(() => {
          append(names, Date.now())
          return { number: last(), followers: followers() }
        })
      },

      settle: async () => {},

      followers: () => reading(followers),

      drop: async (lapsed) => {
        await noting(() => {
          for (const [id, following] of lapsed) statements.drop.run(id, following.acknowledged)
        })
      },

      leave: async (follower) => {
        await noting(() => {
          statements.leave.run(follower)
        })
      },

      reassert: async () => {},

      listen: async (listener) => {
        tell = listener
        timer = setInterval(look, LOOK_MS)
        timer.unref()
        watcher = watchLog(database.location(), lookSoon)
      },

      listenForAcknowledgements: async (listener) => {
        tellAcknowledged = listener
      },

      close: async () => {
        watcher?.close()
        clearInterval(timer)
        clearTimeout(soon)
      },
    },
  }
}

/** Watches the write-ahead log, which is there as long as a connection is. Not every file system tells of writes; those that look again and again do without. */
function watchLog(path: string | null, written: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(`${path}-wal`, { persistent: false }, written)
    watcher.on("error", () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
