import { closeSync, existsSync, fchmodSync, openSync } from "node:fs"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import { pathToFileURL } from "node:url"
import { Kysely, SqliteDialect } from "kysely"
import type { Schema } from "./schema.ts"
import { withSqlite } from "./sqlite-error.ts"

const BUSY_LIMIT_MS = 2_000

/**
 * Opens the SQLite file (WAL, every commit on disk before it is acknowledged), made where it is missing, mode 0600. The token engine
 * keeps tables of its own in the same file, through a connection of its own; neither holds a transaction while it waits for
 * anything else, so that they never wait for each other.
 * @param path in a directory that is there
 * @param busyLimitMs how long a statement waits for another process's transaction, in milliseconds
 * @throws DatabaseUnavailableError, from its queries too
 */
export function openSqlite(path: string, busyLimitMs = BUSY_LIMIT_MS): Kysely<Schema> {
  return withSqlite(() => {
    const file = openSync(path, "a", 0o600)
    fchmodSync(file, 0o600)
    closeSync(file)
    const sqlite = new DatabaseSync(path, { timeout: busyLimitMs })
    try {
      sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
    } catch (error) {
      sqlite.close()
      throw error
    }
    return new Kysely<Schema>({ dialect: new SqliteDialect({ database: forKysely(sqlite) }) })
  })
}

/**
 * Opens the SQLite file to look into it: nothing is written, no file is made, and no lock is kept.
 * @param path a file that is there
 * @throws DatabaseUnavailableError, from its queries too
 */
export function openSqliteToRead(path: string, busyLimitMs = BUSY_LIMIT_MS): Kysely<Schema> {
  return withSqlite(() => {
    const file = pathToFileURL(path)
    // Without a write-ahead log nobody has it open. Said so, SQLite does without the two files that it would make beside it and leave there.
    if (!existsSync(`${path}-wal`)) file.searchParams.set("immutable", "1")
    const sqlite = new DatabaseSync(file, { timeout: busyLimitMs, readOnly: true })
    return new Kysely<Schema>({ dialect: new SqliteDialect({ database: forKysely(sqlite) }) })
  })
}

/** A database as it is before its file is made: empty, in memory. */
export function openEmptySqlite(): Kysely<Schema> {
  return new Kysely<Schema>({
    dialect: new SqliteDialect({ database: forKysely(new DatabaseSync(":memory:")) }),
  })
}

/** How many statements are kept prepared. The server has a few dozen; a list of values makes one for each of its lengths. */
const STATEMENTS = 256

/** Kysely's SQLite dialect was made for `better-sqlite3`; this gives `node:sqlite` that shape, and prepares each statement once. */
function forKysely(sqlite: DatabaseSync) {
  const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[]
  const prepare = (sql: string) => {
    const statement = withSqlite(() => sqlite.prepare(sql))
    return {
      reader: statement.columns().length > 0,
      all: (parameters: readonly unknown[]) => withSqlite(() => statement.all(...values(parameters))),
      run: (parameters: readonly unknown[]) => withSqlite(() => statement.run(...values(parameters))),
      iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
    }
  }
  const prepared = new Map<string, ReturnType<typeof prepare>>()
  return {
    close: () => sqlite.close(),
    prepare: (sql: string) => {
      const known = prepared.get(sql)
      if (known !== undefined) return known
      if (prepared.size >= STATEMENTS) prepared.clear()
      const statement = prepare(sql)
      prepared.set(sql, statement)
      return statement
    },
  }
}
