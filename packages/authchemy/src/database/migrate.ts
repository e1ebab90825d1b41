import { DatabaseSync } from "node:sqlite"
import { setTimeout as delay } from "node:timers/promises"
import { sql } from "kysely"
import { Migrator } from "kysely/migration"
import type { Database } from "./database.ts"
import { DatabaseUnavailableError } from "./database-error.ts"
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

/**
 * Brings the tables up to date: Better Auth's, then ours. One server at a time, whichever process it is in, and the lock ends with its process. On SQLite
 * it is a transaction on a file of its own beside the database; on PostgreSQL an advisory lock of the one transaction in which all is done or nothing.
 * @param lockPath the lock's file, on SQLite
 * @param migrateAccounts Better Auth's part, on the connection that it is given
 * @throws DatabaseUnavailableError where the lock cannot be had for 30 seconds
 */
export async function migrate(
  database: Database,
  lockPath: string,
  migrateAccounts: (on: Database) => Promise<void>,
): Promise<void> {
  if (database instanceof PostgresDatabase) await underAdvisoryLock(database, apply)
  else await underFileLock(lockPath, () => apply(database))

  async function apply(on: Database): Promise<void> {
    await migrateAccounts(on)
    const migrator = new Migrator({ db: on, provider: { getMigrations: async () => migrations } })
    const { error } = await migrator.migrateToLatest()
    if (error !== undefined) throw error
  }
}

async function underAdvisoryLock(
  database: PostgresDatabase,
  work: (on: Database) => Promise<void>,
): Promise<void> {
  const alone = database.withStatementLimit(STATEMENT_LIMIT_MS)
  try {
    await alone.transaction().execute(async (transaction) => {
      await sql`SET LOCAL lock_timeout = ${sql.lit(LOCK_LIMIT_MS)}`.execute(transaction)
      await sql`SELECT pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCK)})`.execute(transaction)
      await work(transaction)
    })
  } finally {
    await alone.destroy()
  }
}

async function underFileLock(lockPath: string, work: () => Promise<void>): Promise<void> {
  const lock = new DatabaseSync(lockPath, { timeout: 0 })
  try {
    await begin(lock)
    await work()
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
