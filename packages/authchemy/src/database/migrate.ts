import { DatabaseSync } from "node:sqlite"
import { Migrator } from "kysely/migration"
import type { Database } from "./database.ts"
import { migrations } from "./migrations.ts"

/** How long a server waits for another one's migrations, in milliseconds. */
const LOCK_LIMIT_MS = 30_000

/**
 * Brings the tables up to date: Better Auth's, then ours. One process at a time: the lock is a transaction on a file of its own beside
 * the database, so that it ends with its process.
 * @param lockPath the lock's file
 * @param migrateAccounts Better Auth's part
 */
export async function migrate(
  database: Database,
  lockPath: string,
  migrateAccounts: () => Promise<void>,
): Promise<void> {
  const lock = new DatabaseSync(lockPath, { timeout: LOCK_LIMIT_MS })
  try {
    lock.exec("BEGIN EXCLUSIVE")
    await migrateAccounts()
    const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } })
    const { error } = await migrator.migrateToLatest()
    if (error !== undefined) throw error
  } finally {
    lock.close()
  }
}
