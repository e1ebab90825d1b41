import { DatabaseSync, type SQLOutputValue } from "node:sqlite"
import { setTimeout as delay } from "node:timers/promises"
import { StoreUnavailableError } from "../errors.ts"
import { prepareSchema } from "./sqlite-schema.ts"

/** How long an operation is tried while another connection writes. */
const BUSY_LIMIT_MS = 2_000
const SQLITE_BUSY = 5
/** How many expired rows of a kind a write clears away on its way. */
export const SWEEP_ROWS = 8

/** A row as SQLite gives it. */
export type Row = Record<string, SQLOutputValue>

/** A connection to the file, and how pieces of work are run on it. */
export type SqliteConnection = {
  database: DatabaseSync
  /** @throws StoreUnavailableError */
  reading<T>(work: () => T): Promise<T>
  /** Runs `work` in one transaction that holds the write lock from its beginning. @throws StoreUnavailableError */
  writing<T>(work: () => T): Promise<T>
  /** As `writing`, for what may be lost when the machine (not the process) fails a moment later: the file stays whole, and nothing waits for the disk. */
  noting<T>(work: () => T): Promise<T>
}

/** Opens the file (WAL; every write is on disk, `synchronous=FULL`, before it is acknowledged). @throws StoreUnavailableError */
export async function connectToSqlite(path: string): Promise<SqliteConnection> {
  const database = await whenNotBusy(() => {
    const opened = new DatabaseSync(path, { timeout: 0 })
    try {
      opened.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
      prepareSchema(opened)
      return opened
    } catch (error) {
      opened.close()
      throw error
    }
  })
  const transaction = <T>(work: () => T): T => {
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
    writing: (work) => whenNotBusy(() => transaction(work)),
    noting: (work) =>
      whenNotBusy(() => {
        database.exec("PRAGMA synchronous = NORMAL")
        try {
          return transaction(work)
        } finally {
          database.exec("PRAGMA synchronous = FULL")
        }
      }),
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
