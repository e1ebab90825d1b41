import { DatabaseSync, type SQLOutputValue } from "node:sqlite"
import { setTimeout as delay } from "node:timers/promises"
import { StoreUnavailableError } from "../errors.ts"
import { prepareSchema } from "./sqlite-schema.ts"

/** How long an operation is tried while another connection writes. */
const BUSY_LIMIT_MS = 2_000
const SQLITE_BUSY = 5

/** A row as SQLite gives it. */
export type Row = Record<string, SQLOutputValue>

/**
 * A connection to the file, and how pieces of work are run on it. Each rejects with `StoreUnavailableError` where the file cannot be read or written
 * (a full disk, say), or is being written by others for more than two seconds; then nothing has happened.
 */
export type SqliteConnection = {
  database: DatabaseSync
  reading<T>(work: () => T): Promise<T>
  /** Runs `work` in one transaction that holds the write lock from its beginning, and is on disk when this resolves. */
  writing<T>(work: () => T): Promise<T>
  /** As `writing`, for what may be lost when the machine (not the process) fails a moment later: the file stays whole, and nothing waits for the disk. */
  noting<T>(work: () => T): Promise<T>
}

/** What a commit waits for (`PRAGMA synchronous`): `FULL` for the disk, `NORMAL` for nothing. */
type Synchronous = "FULL" | "NORMAL"

/** Opens the file (WAL). @throws StoreUnavailableError */
export async function connectToSqlite(path: string): Promise<SqliteConnection> {
  const database = await whenNotBusy(() => {
    const opened = new DatabaseSync(path, { timeout: 0 })
    try {
      // Where there are many sessions each touches pages of its own: of these some tens of megabytes are kept, not two.
      opened.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;")
      prepareSchema(opened)
      return opened
    } catch (error) {
      opened.close()
      throw error
    }
  })
  let synchronous: Synchronous = "FULL"
  const transaction = <T>(level: Synchronous, work: () => T): T => {
    // Set before the transaction and never set back after it: where the setting fails, so does the transaction, and no write is less durable than it should be.
    if (synchronous !== level) database.exec(`PRAGMA synchronous = ${level}`)
    synchronous = level
    database.exec("BEGIN IMMEDIATE")
    try {
      const result = work()
      database.exec("COMMIT")
      return result
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK")
      throw error
    }
  }
  return {
    database,
    reading: whenNotBusy,
    writing: (work) => whenNotBusy(() => transaction("FULL", work)),
    noting: (work) => whenNotBusy(() => transaction("NORMAL", work)),
  }
}

/** Tries again, with growing pauses, while another connection holds the lock; whatever else goes wrong, the store is unavailable. */
async function whenNotBusy<T>(work: () => T): Promise<T> {
  let waited = 0
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || waited >= BUSY_LIMIT_MS) throw new StoreUnavailableError(error)
    }
    const pauseWithJitter = pause * (0.5 + Math.random())
    waited += pauseWithJitter
    await delay(pauseWithJitter)
  }
}

function isBusy(error: unknown): boolean {
  // The low byte is the primary result code: SQLITE_BUSY itself and its extended forms.
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY
}

/** A text column that may be NULL. */
export function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}
