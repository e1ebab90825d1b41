import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sql } from "kysely"
import { afterEach, beforeEach, expect, test } from "vitest"
import { type Database, openDatabase } from "./database.ts"
import { migrate } from "./migrate.ts"
import { migrationStateOf } from "./migration-state.ts"
import { migrations } from "./migrations.ts"
import { createPostgresDatabase, onEachDatabase, onPostgres } from "./testing.ts"

const OURS = Object.keys(migrations)
const LAST = OURS.at(-1) ?? ""

onEachDatabase((under) => {
  let directory: string
  let database: Database
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "authchemy-migration-state-"))
    database = openDatabase(await under.create(directory))
  })
  afterEach(async () => {
    await database.destroy()
    await rm(directory, { recursive: true })
  })
  const bringUpToDate = () => migrate(database, join(directory, "lock"))

  test("of an empty database all is pending, in the order in which it is applied, and asking makes nothing", async () => {
    const state = await migrationStateOf(database)
    expect(state).toMatchObject({ unknown: [], isNew: true })
    expect(state).toEqual(await migrationStateOf(database))
    expect(state.pending).toContain("table user")
    expect(await bringUpToDate()).toEqual({ applied: state.pending, unknown: [] })
    expect(await migrationStateOf(database)).toEqual({ pending: [], unknown: [], isNew: false })
  })

  test("what is missing is named, be it ours or Better Auth's, and what a later version added, too", async () => {
    await bringUpToDate()
    await sql`DELETE FROM kysely_migration WHERE name = ${LAST}`.execute(database)
    await sql`ALTER TABLE "user" DROP COLUMN "disabledAt"`.execute(database)
    await sql`DROP TABLE "verification"`.execute(database)
    await sql`INSERT INTO kysely_migration VALUES ('999-later', '2030-01-01T00:00:00.000Z')`.execute(database)
    expect(await migrationStateOf(database)).toEqual({
      pending: ["table verification", "column user.disabledAt", LAST],
      unknown: ["999-later"],
      isNew: false,
    })
  })
})

onPostgres(() => {
  let url: string
  let database: Database
  beforeEach(async () => {
    url = await createPostgresDatabase()
    database = openDatabase(url)
  })
  afterEach(() => database.destroy())

  test("a migration that is under way is not waited for: what it has made counts when it is done", async () => {
    const asked = openDatabase(url)
    const seen: unknown[] = []
    await migrate(database, "", async (on) => {
      await sql`CREATE TABLE halfway (id text)`.execute(on)
      seen.push(await migrationStateOf(asked))
      return []
    })
    expect(seen).toEqual([expect.objectContaining({ isNew: true })])
    await asked.destroy()
  })

  test("a role that may only read and write rows can ask", async () => {
    await migrate(database, "")
    const role = `server_${new URL(url).pathname.slice(1)}`
    await sql`CREATE ROLE ${sql.id(role)} LOGIN PASSWORD 'only-rows'`.execute(database)
    const rights = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
    await sql`GRANT ${sql.raw(rights)} TO ${sql.id(role)}`.execute(database)
    const asRole = new URL(url)
    asRole.username = role
    asRole.password = "only-rows"
    const other = openDatabase(asRole.href)
    expect(await migrationStateOf(other)).toEqual({ pending: [], unknown: [], isNew: false })
    await expect(sql`CREATE TABLE more (id text)`.execute(other)).rejects.toThrow("permission denied")
    await other.destroy()
  })
})
