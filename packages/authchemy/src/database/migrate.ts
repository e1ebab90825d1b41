import { DatabaseSync } from "node:sqlite"
import { setTimeout as delay } from "node:timers/promises"
import { Migrator } from "kysely/migration"
import type { Database } from "./database.ts"
import { migrations } from "./migrations.ts"
import { DatabaseUnavailableError, isBusy } from "./sqlite-error.ts"

/** How long a server waits for another one's migrations, in milliseconds. */
const LOCK_LIMIT_MS = 30_000
const LOCK_PAUSE_MS = 25

/**
 * Brings the tables up to date: Better Auth's, then ours. One at a time, whichever process it is in: the lock is a transaction on a file
 * of its own beside the database, so that it ends with its process.
 * @param lockPath the lock's file
 * @param migrateAccounts Better Auth's part
 * @throws DatabaseUnavailableError where the lock cannot be had for 30 seconds
 */
export async function migrate(
  database: Database,
  lockPath: string,
  migrateAccounts: () => Promise<void>,
): Promise<void> {
  const lock = new DatabaseSync(lockPath, { timeout: 0 })
  try {
    await begin(lock)
    await migrateAccounts()
    const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } })
    const { error } = await migrator.migrateToLatest()
    if (error !== undefined) throw error
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
