import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sql } from "kysely"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { type Database, openDatabase } from "./database.ts"
import {
  type Column,
  columnsOf,
  describeDatabase,
  earlierSchemas,
  tablesOf,
} from "./earlier-schemas/testing.ts"
import { migrate } from "./migrate.ts"
import { migrationStateOf } from "./migration-state.ts"
import { migrations } from "./migrations.ts"
import { onEachDatabase } from "./testing.ts"

// That people, keys and clients of then work as before is seen at a real server: e2e/earlier-schemas.test.ts.

const OURS = Object.keys(migrations).sort()
/** PostgreSQL came with this one: no database there is older. */
const FIRST_ON_POSTGRES = "002-clients"
/** These came in one version with the next one: no server ever left a database at them. */
const NEVER_THE_NEWEST = new Set(["004-audit-log"])

onEachDatabase((under) => {
  let directory: string
  const opened: Database[] = []
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "authchemy-earlier-"))
  })
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.destroy()
    await rm(directory, { recursive: true })
  })

  const bringUpToDate = (database: Database) => migrate(database, join(directory, "lock"))
  const open = async (load: (location: string) => Promise<void> = async () => {}) => {
    const location = await under.create(await mkdtemp(join(directory, "database-")))
    await load(location)
    const database = openDatabase(location)
    opened.push(database)
    return database
  }
  const rowsOf = async (database: Database) => {
    const rows: Record<string, object[]> = {}
    for (const table of await tablesOf(database)) {
      rows[table] = (await sql<object>`SELECT * FROM ${sql.id(table)}`.execute(database)).rows
    }
    return rows
  }

  test("a database of every schema before the newest is kept: run script/earlier-schema.ts before adding a migration", () => {
    const before = OURS.slice(under.name === "SQLite" ? 0 : OURS.indexOf(FIRST_ON_POSTGRES), -1)
    const kept = before.filter((name) => !NEVER_THE_NEWEST.has(name))
    expect(earlierSchemas(under.name).map(({ name }) => name)).toEqual(expect.arrayContaining(kept))
  })

  describe.each(earlierSchemas(under.name))("$name", ({ name, load }) => {
    test("is what its name says, with rows in every table", async () => {
      const database = await open(load)
      const applied = await sql<{ name: string }>`SELECT name FROM kysely_migration`.execute(database)
      expect(applied.rows.map((row) => row.name).sort()).toEqual(OURS.slice(0, OURS.indexOf(name) + 1))
      const rows = await rowsOf(database)
      expect(Object.keys(rows).length).toBeGreaterThan(5)
      expect(Object.keys(rows).filter((table) => rows[table]?.length === 0)).toEqual([])
    })

    test("becomes what a new database is, and every row stays as it was", async () => {
      const database = await open(load)
      const before = await rowsOf(database)
      const { pending } = await migrationStateOf(database)
      expect(await bringUpToDate(database)).toEqual({ applied: pending, unknown: [] })
      const fresh = await open()
      await bringUpToDate(fresh)
      expect(await describeDatabase(database)).toEqual(await describeDatabase(fresh))
      const after = await rowsOf(database)
      for (const [table, rows] of Object.entries(before)) {
        const kept = rows.map((row) => expect.objectContaining(row))
        expect(after[table], table).toEqual(
          table === "kysely_migration" ? expect.arrayContaining(kept) : kept,
        )
      }
    })

    test("a server of then can go on beside the servers of now: it finds its columns, and need not know the new ones", async () => {
      const database = await open(load)
      const before = await columnsOf(database)
      await bringUpToDate(database)
      const after = await columnsOf(database)
      const nameOf = ({ table, name, type }: Column) => `${table}.${name} ${type}`
      expect(after.map(nameOf)).toEqual(expect.arrayContaining(before.map(nameOf)))
      const isOfThen = (column: Column) => before.some(({ table }) => table === column.table)
      const isNew = (column: Column) => !before.some((known) => nameOf(known) === nameOf(column))
      const required = after.filter(({ nullable, hasDefault }) => !nullable && !hasDefault)
      expect(required.filter((column) => isOfThen(column) && isNew(column)).map(nameOf)).toEqual([])
    })
  })
})
