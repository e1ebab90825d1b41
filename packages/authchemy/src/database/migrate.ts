import { DatabaseSync } from "node:sqlite"
import { setTimeout as delay } from "node:timers/promises"
import { sql } from "kysely"
import { Migrator } from "kysely/migration"
import type { Database } from "./database.ts"
import { DatabaseUnavailableError } from "./database-error.ts"
import { completeAccountTables } from "./migrate-accounts.ts"
import { refuseMixedMigrations } from "./migration-error.ts"
import { migrationStateOf } from "./migration-state.ts"
import { migrations } from "./migrations.ts"
import { PostgresDatabase } from "./postgres.ts"
import { isBusy } from "./sqlite-error.ts"

/** How long a server waits for another one's migrations, in milliseconds. */
const LOCK_LIMIT_MS = 30_000
const LOCK_PAUSE_MS = 25
/** How long one statement of a migration may take on PostgreSQL, in milliseconds: a large table takes its time. */
const STATEMENT_LIMIT_MS = 10 * 60 * 1000
/** Names the advisory lock of these migrations: "authchem" as a big-endian number. */
const ADVISORY_LOCK = 0x6175_7468_6368_656dn

/** What `migrate` did. */
export type Migrated = {
  /** What was applied, in order, each by its name; empty where all was there. */
  applied: readonly string[]
  /** Migrations of a later version that the database has. Where there are any, it is left alone. */
  unknown: readonly string[]
}

/**
 * Brings the tables up to date: Better Auth's, then ours, all or nothing. One server at a time, whichever process it is in, and the lock ends with its process. On SQLite
 * it is a transaction on a file of its own beside the database; on PostgreSQL an advisory lock of the one transaction in which all is done.
 * @param lockPath the lock's file, on SQLite
 * @param completeAccounts Better Auth's part, on the connection that it is given
 * @throws DatabaseUnavailableError where the lock cannot be had for 30 seconds
 * @throws DatabaseNotUpToDateError where the database belongs to another version, neither earlier nor later
 */
export async function migrate(
  database: Database,
  lockPath: string,
  completeAccounts: CompleteAccounts = completeAccountTables,
): Promise<Migrated> {
  const applyTo = (on: Database) => apply(on, completeAccounts)
  return database instanceof PostgresDatabase
    ? await underAdvisoryLock(database, (transaction) =>
        applyPending(transaction, () => applyTo(transaction)),
      )
    : await underFileLock(lockPath, () => applyPending(database, () => inTransaction(database, applyTo)))
}

type CompleteAccounts = (on: Database) => Promise<readonly string[]>

/** Where nothing is pending SQLite sees no transaction: it would hold up whoever writes, in this process, too. */
async function applyPending(on: Database, work: () => Promise<readonly string[]>): Promise<Migrated> {
  const state = await migrationStateOf(on)
  refuseMixedMigrations(state)
  return { applied: state.pending.length === 0 ? [] : await work(), unknown: state.unknown }
}

async function apply(on: Database, completeAccounts: CompleteAccounts): Promise<readonly string[]> {
  const completed = await completeAccounts(on)
  const migrator = new Migrator({ db: on, provider: { getMigrations: async () => migrations } })
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  return [...completed, ...results.map(({ migrationName }) => migrationName)]
}

/** On SQLite tables are made and changed within transactions, too; Kysely does not count on it and begins none. */
async function inTransaction<T>(database: Database, work: (on: Database) => Promise<T>): Promise<T> {
  return database.connection().execute(async (on) => {
    await sql`BEGIN IMMEDIATE`.execute(on)
    try {
      const done = await work(on)
      await sql`COMMIT`.execute(on)
      return done
    } catch (error) {
      // Some errors, a full disk for one, have ended it already.
      await sql`ROLLBACK`.execute(on).catch(() => {})
      throw error
    }
  })
}

async function underAdvisoryLock<T>(
  database: PostgresDatabase,
  work: (on: Database) => Promise<T>,
): Promise<T> {
  const alone = database.withStatementLimit(STATEMENT_LIMIT_MS)
  try {
    return await alone.transaction().execute(async (transaction) => {
      await sql`SET LOCAL lock_timeout = ${sql.lit(LOCK_LIMIT_MS)}`.execute(transaction)
      await sql`SELECT pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCK)})`.execute(transaction)
      return await work(transaction)
    })
  } finally {
    await alone.destroy()
  }
}

async function underFileLock<T>(lockPath: string, work: () => Promise<T>): Promise<T> {
  const lock = new DatabaseSync(lockPath, { timeout: 0 })
  try {
    await begin(lock)
    return await work()
  } finally {
    lock.close()
  }
}

/** Waits without blocking the event loop: the lock may be held in this very process. */
async function begin(lock: DatabaseSync): Promise<void> {
  for (let waited = 0; ; waited += LOCK_PAUSE_MS) {
    try {
      lock.exec("BEGIN EXCLUSIVE")
      return
    } catch (error) {
      if (!isBusy(error) || waited >= LOCK_LIMIT_MS) throw new DatabaseUnavailableError(error)
    }
    await delay(LOCK_PAUSE_MS)
  }
}
