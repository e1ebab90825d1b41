import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sql } from "kysely"
import { afterEach, beforeEach, expect, test } from "vitest"
import { parseConfig } from "../config.ts"
import { ConfigError } from "../config-error.ts"
import { openDatabase } from "./database.ts"
import { DatabaseNotUpToDateError } from "./migration-error.ts"
import { configuredState, databasePathOf, openMigrations, prepareTables } from "./open-configured.ts"
import { createMigratedDatabase, createPostgresDatabase, onPostgres, postgresEnv } from "./testing.ts"

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-configured-"))
})
afterEach(() => rm(directory, { recursive: true }))

const configOf = (env: Record<string, string> = {}) =>
  parseConfig({ AUTHCHEMY_DATA_DIR: join(directory, "data"), ...env })

test("on SQLite the tables are made, in a directory that is made, too; looking makes nothing", async () => {
  const config = configOf()
  const made = { pending: [], unknown: [], isNew: false }
  const found = await configuredState(config)
  expect(found).toMatchObject({ unknown: [], isNew: true })
  expect(await readdir(directory)).toEqual([])
  const migrations = openMigrations(config)
  const { applied } = await migrations.migrate()
  expect(applied).toEqual(found.pending)
  expect(await configuredState(config)).toEqual(made)
  await migrations.close()
  const files = await readdir(config.dataDirectory)
  expect(await configuredState(config)).toEqual(made)
  expect(await readdir(config.dataDirectory)).toEqual(files)
  const database = openDatabase(databasePathOf(config))
  expect(await prepareTables(database, config)).toEqual([])
  expect(await database.selectFrom("client").selectAll().execute()).toEqual([])
  await database.destroy()
})

test("a data directory that cannot be used is a fault of the configuration", async () => {
  await writeFile(join(directory, "data"), "")
  expect(() => openMigrations(configOf())).toThrow(ConfigError)
})

onPostgres(() => {
  test("on PostgreSQL tables that are not there are refused, and not made", async () => {
    const config = configOf(postgresEnv(await createPostgresDatabase()))
    const database = openDatabase(config.databaseUrl ?? "")
    await expect(prepareTables(database, config)).rejects.toThrow(DatabaseNotUpToDateError)
    await database.destroy()
    expect(await configuredState(config)).toMatchObject({ isNew: true })
  })

  test("those of this version and of a later one are taken", async () => {
    const config = configOf(postgresEnv(await createMigratedDatabase()))
    const database = openDatabase(config.databaseUrl ?? "")
    expect(await prepareTables(database, config)).toEqual([])
    await sql`INSERT INTO kysely_migration VALUES ('999-later', '2030-01-01T00:00:00.000Z')`.execute(database)
    expect(await prepareTables(database, config)).toEqual(["999-later"])
    await database.destroy()
  })
})
