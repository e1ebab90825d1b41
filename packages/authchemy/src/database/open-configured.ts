import { existsSync } from "node:fs"
import { join } from "node:path"
import type { Config } from "../config.ts"
import { prepareDataDirectory } from "../data-directory.ts"
import { type Database, openDatabase } from "./database.ts"
import { type Migrated, migrate } from "./migrate.ts"
import { refuseUnlessUpToDate } from "./migration-error.ts"
import { type MigrationState, migrationStateOf } from "./migration-state.ts"
import { openEmptySqlite, openSqliteToRead } from "./sqlite.ts"

/** Where the SQLite file is, or would be: the token engine keeps its tables there, too. */
export function databasePathOf(config: Config): string {
  return join(config.dataDirectory, "authchemy.db")
}

/**
 * Sees to it that the tables are those that this version works on: on SQLite by bringing them up to date, on PostgreSQL by refusing others, for there
 * several servers share them, and when they change is the operator's to say (`authchemy migrate`).
 * @returns the migrations of a later version that the database has; it serves this one as well
 * @throws DatabaseNotUpToDateError, DatabaseUnavailableError
 */
export async function prepareTables(database: Database, config: Config): Promise<readonly string[]> {
  if (config.databaseUrl === null) return (await migrate(database, lockPathOf(config))).unknown
  const state = await migrationStateOf(database)
  refuseUnlessUpToDate(state)
  return state.unknown
}

/**
 * What migrating the database that a configuration names would find. Makes nothing: neither a directory nor a file.
 * @throws DatabaseUnavailableError
 */
export async function configuredState(config: Config): Promise<MigrationState> {
  const database = openToRead(config)
  try {
    return await migrationStateOf(database)
  } finally {
    await database.destroy()
  }
}

function openToRead(config: Config): Database {
  if (config.databaseUrl !== null) return openDatabase(config.databaseUrl)
  const path = databasePathOf(config)
  return existsSync(path) ? openSqliteToRead(path) : openEmptySqlite()
}

/** The database of a configuration, to be migrated. */
export type Migrations = {
  /** Brings the tables up to date. @throws DatabaseNotUpToDateError, DatabaseUnavailableError */
  migrate(): Promise<Migrated>
  close(): Promise<void>
}

/**
 * Opens the database that a configuration names, whatever its tables are.
 * @throws ConfigError where the data directory cannot be used
 * @throws DatabaseUnavailableError
 */
export function openMigrations(config: Config): Migrations {
  if (config.databaseUrl === null) prepareDataDirectory(config.dataDirectory)
  const database = openDatabase(config.databaseUrl ?? databasePathOf(config))
  return {
    migrate: () => migrate(database, lockPathOf(config)),
    close: () => database.destroy(),
  }
}

function lockPathOf(config: Config): string {
  return join(config.dataDirectory, "migrate.lock")
}
