import type { MigrationState } from "./migration-state.ts"

/** The tables are not those that this version works on. The message says what to do. */
export class DatabaseNotUpToDateError extends Error {
  constructor(message: string) {
    super(message)
    this.name = "DatabaseNotUpToDateError"
  }
}

/**
 * Refuses a database that lacks something. One that is newer passes: a migration leaves whatever the version before it needs.
 * @throws DatabaseNotUpToDateError
 */
export function refuseUnlessUpToDate(state: MigrationState): void {
  refuseMixedMigrations(state)
  const { pending, isNew } = state
  if (pending.length === 0) return
  const what = isNew
    ? "The database is not set up yet."
    : `The database is not up to date: ${listed(pending)} ${pending.length === 1 ? "is" : "are"} still to be applied.`
  throw new DatabaseNotUpToDateError(`${what} Run: authchemy migrate`)
}

/**
 * Refuses a database of a version that is neither earlier nor later, as two branches of development make them.
 * @throws DatabaseNotUpToDateError
 */
export function refuseMixedMigrations({
  pending,
  unknown,
}: Pick<MigrationState, "pending" | "unknown">): void {
  if (pending.length === 0 || unknown.length === 0) return
  throw new DatabaseNotUpToDateError(
    `The database belongs to another version: it has ${listed(unknown)}, which this version does not know, and lacks ${listed(pending)}. Nothing was changed. Run the version that the database belongs to.`,
  )
}

/** `a`, `a and b`, `a, b and c` */
export function listed(names: readonly string[]): string {
  return new Intl.ListFormat("en-GB", { type: "conjunction" }).format(names)
}
