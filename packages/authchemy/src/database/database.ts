import type { Kysely } from "kysely"
import { PostgresDatabase } from "./postgres.ts"
import type { Schema } from "./schema.ts"
import { openSqlite } from "./sqlite.ts"

/** Accounts, apps and keys. */
export type Database = Kysely<Schema>

/**
 * Opens the database, whichever it is. PostgreSQL is not asked before the first query.
 * @param location `postgres://…`, or the path of a SQLite file in a directory that is there
 * @param options.busyLimitMs SQLite: how long a statement waits for another process's transaction, in milliseconds
 * @param options.onError PostgreSQL: told of connections that were lost while nobody used them; they are made anew
 * @throws DatabaseUnavailableError, from its queries too
 */
export function openDatabase(
  location: string,
  options: { busyLimitMs?: number; onError?: (error: Error) => void } = {},
): Database {
  return isPostgresUrl(location)
    ? new PostgresDatabase(location, options.onError ?? (() => {}))
    : openSqlite(location, options.busyLimitMs)
}

function isPostgresUrl(location: string): boolean {
  return /^postgres(ql)?:\/\//.test(location)
}
