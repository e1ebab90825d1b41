import { PostgresAdapter, sql } from "kysely"
import type { Database } from "./database.ts"
import { missingFromAccountTables } from "./migrate-accounts.ts"
import { migrations } from "./migrations.ts"

/** How the tables of a database compare with those that this version works on. */
export type MigrationState = {
  /** What is still to be applied, in order, each by its name. */
  pending: readonly string[]
  /** Migrations that were applied by a later version: this one does not know them. */
  unknown: readonly string[]
  /** Nothing was ever applied. */
  isNew: boolean
}

/**
 * Compares a database with this version, Better Auth's tables included. Reads the catalogue and one small table, and waits for nobody: neither for a
 * migration that is under way nor for the lock of one.
 * @throws DatabaseUnavailableError
 */
export async function migrationStateOf(on: Database): Promise<MigrationState> {
  const recorded = await recordedMigrations(on)
  return { ...recorded, pending: [...(await missingFromAccountTables(on)), ...recorded.pending] }
}

/** The same of our own tables alone. */
async function recordedMigrations(on: Database): Promise<MigrationState> {
  const known = Object.keys(migrations).sort()
  const applied = new Set((await hasRecord(on)) ? await namesRecorded(on) : [])
  return {
    pending: known.filter((name) => !applied.has(name)),
    unknown: [...applied].filter((name) => !(name in migrations)).sort(),
    isNew: applied.size === 0,
  }
}

/** Kysely's table of what was applied. Asking for its rows where it is missing would break off a transaction on PostgreSQL. */
async function hasRecord(on: Database): Promise<boolean> {
  const { rows } = await (on.getExecutor().adapter instanceof PostgresAdapter
    ? sql`SELECT 1 WHERE to_regclass('kysely_migration') IS NOT NULL`
    : sql`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'kysely_migration'`
  ).execute(on)
  return rows.length > 0
}

async function namesRecorded(on: Database): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration`.execute(on)
  return rows.map(({ name }) => name)
}
