import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { sql } from "kysely"
import { describe, inject } from "vitest"
import { type Database, openDatabase } from "./database.ts"
import { migrate } from "./migrate.ts"
import { PostgresDatabase } from "./postgres.ts"

/** A kind of database, for tests that must pass on each. */
export type DatabaseUnderTest = {
  name: "SQLite" | "PostgreSQL"
  /** A new, empty one, as `openDatabase` takes it. @param directory where SQLite keeps it */
  create(directory: string): Promise<string>
  /** The environment of a server on a new one, whose tables are made where servers do not make them; `AUTHCHEMY_DATA_DIR` is the test's own. */
  env(): Promise<Record<string, string>>
}

const SQLITE: DatabaseUnderTest = {
  name: "SQLite",
  create: async (directory) => join(directory, "authchemy.db"),
  env: async () => ({}),
}

const POSTGRES: DatabaseUnderTest = {
  name: "PostgreSQL",
  create: () => createPostgresDatabase(),
  env: async () => postgresEnv(await createMigratedDatabase()),
}

/** The environment of a server on a PostgreSQL database. */
export function postgresEnv(url: string): Record<string, string> {
  return { AUTHCHEMY_DATABASE_URL: url, AUTHCHEMY_SECRET: "0123456789abcdef0123456789abcdef" }
}

/** Runs tests on SQLite, and on PostgreSQL where it is installed. */
export function onEachDatabase(tests: (database: DatabaseUnderTest) => void): void {
  describe(SQLITE.name, () => tests(SQLITE))
  onPostgres(() => tests(POSTGRES))
}

/** Runs tests on PostgreSQL, where it is installed. */
export function onPostgres(tests: () => void): void {
  describe.skipIf(inject("postgresUrl") === null)(POSTGRES.name, tests)
}

/** Resolves when a statement waits for what another one has locked, on PostgreSQL; never on SQLite, where none waits so. */
export async function untilOneWaits(database: Database): Promise<void> {
  if (!(database instanceof PostgresDatabase)) return new Promise(() => {})
  const waiting = sql<{ waits: boolean }>`SELECT EXISTS (
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
  ) AS waits`
  for (let asked = 0; asked < 1_000; asked++) {
    if ((await waiting.execute(database)).rows[0]?.waits === true) return
  }
  throw new Error("no statement has waited for another one")
}

/** Makes an empty database on the run's PostgreSQL server. @returns its URL */
export async function createPostgresDatabase(): Promise<string> {
  const server = inject("postgresUrl")
  if (server === null) throw new Error("PostgreSQL is not installed")
  const name = `test_${randomBytes(8).toString("hex")}`
  const database = openDatabase(`${server}/postgres`)
  try {
    await sql`CREATE DATABASE ${sql.id(name)}`.execute(database)
  } finally {
    await database.destroy()
  }
  return `${server}/${name}`
}

/** Makes a database on the run's PostgreSQL server, with its tables. @returns its URL */
export async function createMigratedDatabase(): Promise<string> {
  const url = await createPostgresDatabase()
  const database = openDatabase(url)
  try {
    await migrate(database, "")
  } finally {
    await database.destroy()
  }
  return url
}
