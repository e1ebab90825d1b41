import { parseConfig } from "../config.ts"
import { listed, refuseUnlessUpToDate } from "../database/migration-error.ts"
import { configuredState, openMigrations } from "../database/open-configured.ts"
import type { CommandIo } from "./command.ts"

/**
 * `authchemy migrate [--check]`: brings the database's tables up to date, and says what was applied. With `--check` nothing is applied; what is pending is listed, a
 * line each, and refused.
 * @throws DatabaseNotUpToDateError, DatabaseUnavailableError
 */
export async function migrateDatabase(options: { check?: boolean }, io: CommandIo): Promise<void> {
  const config = parseConfig(io.env)
  if (options.check) {
    const state = await configuredState(config)
    for (const name of state.pending) io.stdout(`${name}\n`)
    refuseUnlessUpToDate(state)
    io.stdout(sentenceOf(state.unknown))
    return
  }
  const migrations = openMigrations(config)
  try {
    const { applied, unknown } = await migrations.migrate()
    const done = `Applied ${listed(applied)}; the database is up to date.\n`
    io.stdout(applied.length > 0 ? done : sentenceOf(unknown))
  } finally {
    await migrations.close()
  }
}

/** Of a database that lacks nothing. */
function sentenceOf(unknown: readonly string[]): string {
  return unknown.length === 0
    ? "The database is up to date.\n"
    : `The database is newer than this version: it has ${listed(unknown)}. There is nothing to apply.\n`
}
