import { DatabaseUnavailableError } from "./database-error.ts"

// Primary result codes, https://www.sqlite.org/rescode.html
const SQLITE_BUSY = 5
/** LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB. */
const OUT_OF_REACH = new Set([SQLITE_BUSY, 6, 8, 10, 11, 13, 14, 26])

/** Whether another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return resultCodeOf(error) === SQLITE_BUSY
}

/**
 * Runs a piece of work with SQLite.
 * @throws DatabaseUnavailableError where the database, and not the statement, is at fault
 */
export function withSqlite<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw OUT_OF_REACH.has(resultCodeOf(error) ?? -1) ? new DatabaseUnavailableError(error) : error
  }
}

/** The primary result code of an error of SQLite's. */
export function resultCodeOf(error: unknown): number | null {
  // Extended result codes keep the primary one in their lowest byte.
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : null
}
