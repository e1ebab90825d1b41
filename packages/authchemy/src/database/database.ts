import { chmodSync, mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import { Kysely, SqliteDialect } from "kysely"
import type { Schema } from "./schema.ts"

/** Accounts, apps and keys. */
export type Database = Kysely<Schema>

/** How long a statement waits for another process's transaction, in milliseconds. */
const BUSY_LIMIT_MS = 2_000

/**
 * Opens the SQLite file (WAL, every commit on disk before it is acknowledged), made where it is missing, mode 0600. The token engine
 * keeps tables of its own in the same file, through a connection of its own.
 */
export function openDatabase(path: string): Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const sqlite = new DatabaseSync(path, { timeout: BUSY_LIMIT_MS })
  chmodSync(path, 0o600)
  sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: forKysely(sqlite) }) })
}

/** Kysely's SQLite dialect was made for `better-sqlite3`; this gives `node:sqlite` that shape. */
function forKysely(sqlite: DatabaseSync) {
  const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[]
  return {
    close: () => sqlite.close(),
    prepare: (sql: string) => {
      const statement = sqlite.prepare(sql)
      return {
        reader: statement.columns().length > 0,
        all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
        run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
        iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
      }
    },
  }
}
