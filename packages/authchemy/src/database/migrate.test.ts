import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sql } from "kysely"
import type { Migration } from "kysely/migration"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { parseConfig } from "../config.ts"
import { openServices } from "../services.ts"
import { type Database, openDatabase } from "./database.ts"
import { tablesOf } from "./earlier-schemas/testing.ts"
import { migrate } from "./migrate.ts"
import { migrations } from "./migrations.ts"
import { createPostgresDatabase, onEachDatabase, onPostgres } from "./testing.ts"

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-migrate-"))
})
afterEach(() => rm(directory, { recursive: true }))

const OURS = Object.keys(migrations)

test("servers that start at the same moment on an empty SQLite file all come up, on one schema and one secret", async () => {
  const config = parseConfig({ AUTHCHEMY_DATA_DIR: join(directory, "new") })
  const servers = await Promise.all(Array.from({ length: 4 }, () => openServices(config)))
  expect(new Set(servers.map(({ secret }) => secret)).size).toBe(1)
  for (const { database, ready } of servers) {
    const applied = await sql`SELECT name FROM kysely_migration`.execute(database)
    expect(applied.rows).toHaveLength(OURS.length)
    await ready()
  }
  await Promise.all(servers.map((server) => server.close()))
})

onEachDatabase((under) => {
  let database: Database
  beforeEach(async () => {
    database = openDatabase(await under.create(directory))
  })
  afterEach(() => database.destroy())
  const bringUpToDate = () => migrate(database, join(directory, "lock"))

  test("what was applied is told by name, once, however many migrate at the same moment", async () => {
    const all = await Promise.all([bringUpToDate(), bringUpToDate(), bringUpToDate()])
    const [first, ...others] = all.map(({ applied }) => applied).filter((applied) => applied.length > 0)
    expect(others).toEqual([])
    expect(first).toEqual(expect.arrayContaining(["table user", "table session", ...OURS]))
    expect(first?.slice(-OURS.length)).toEqual(OURS)
    expect(await bringUpToDate()).toEqual({ applied: [], unknown: [] })
  })

  test("what is missing of Better Auth's tables alone is added", async () => {
    await bringUpToDate()
    await sql`ALTER TABLE "user" DROP COLUMN "disabledAt"`.execute(database)
    expect(await bringUpToDate()).toEqual({ applied: ["column user.disabledAt"], unknown: [] })
    expect(await database.selectFrom("user").select("disabledAt").execute()).toEqual([])
  })

  test("migrations that fail leave nothing behind, and the next attempt makes all", async () => {
    const halfway = async (on: Database) => {
      await sql`CREATE TABLE halfway (id text)`.execute(on)
      await sql`SELECT 1 FROM nowhere`.execute(on)
      return []
    }
    await expect(migrate(database, join(directory, "lock"), halfway)).rejects.toThrow(/nowhere/)
    expect(await tablesOf(database)).toEqual([])
    const last = OURS.at(-1) ?? ""
    const { up } = migrations[last] as Migration
    vi.spyOn(migrations[last] as Migration, "up").mockImplementationOnce(async (on) => {
      await up(on)
      throw new Error("failed at the end")
    })
    await expect(bringUpToDate()).rejects.toThrow("failed at the end")
    expect(await tablesOf(database)).toEqual([])
    expect((await bringUpToDate()).applied).toContain(last)
    expect(await database.selectFrom("client").selectAll().execute()).toEqual([])
  })

  test("a database of a later version is left alone", async () => {
    await bringUpToDate()
    await sql`INSERT INTO kysely_migration VALUES ('999-later', '2030-01-01T00:00:00.000Z')`.execute(database)
    expect(await bringUpToDate()).toEqual({ applied: [], unknown: ["999-later"] })
  })

  test("one that is neither earlier nor later is refused, and left alone", async () => {
    await bringUpToDate()
    const last = OURS.at(-1)
    await sql`UPDATE kysely_migration SET name = '999-other' WHERE name = ${last}`.execute(database)
    await expect(bringUpToDate()).rejects.toThrow(
      `it has 999-other, which this version does not know, and lacks ${last}. Nothing was changed.`,
    )
  })
})

onPostgres(() => {
  test("whoever comes while another one migrates waits, and finds all done", async () => {
    const url = await createPostgresDatabase()
    const [first, second] = [openDatabase(url), openDatabase(url)]
    const order: string[] = []
    let finish = () => {}
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    const migrating = migrate(first, "", async () => {
      order.push("first")
      await held
      order.push("first done")
      return []
    })
    const locks = () => sql`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`.execute(first)
    await expect.poll(() => order).toEqual(["first"])
    const waiting = migrate(second, "", async () => {
      order.push("second")
      return []
    })
    await expect.poll(async () => (await locks()).rows).toHaveLength(1)
    finish()
    await Promise.all([migrating, waiting])
    expect(order).toEqual(["first", "first done", "second"])
    await Promise.all([first.destroy(), second.destroy()])
  })
})
