import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sql } from "kysely"
import { expect, test } from "vitest"
import { parseConfig } from "../config.ts"
import { openServices } from "../services.ts"
import { type Database, openDatabase } from "./database.ts"
import { migrate } from "./migrate.ts"
import { migrations } from "./migrations.ts"
import { createPostgresDatabase, onEachDatabase, onPostgres } from "./testing.ts"

onEachDatabase(({ env }) => {
  test("servers that start at the same moment on an empty database all come up, on one schema and one secret", async () => {
    const directory = await mkdtemp(join(tmpdir(), "authchemy-migrate-"))
    const config = parseConfig({ AUTHCHEMY_DATA_DIR: join(directory, "new"), ...(await env()) })
    const servers = await Promise.all(Array.from({ length: 4 }, () => openServices(config, () => {})))
    expect(new Set(servers.map(({ secret }) => secret)).size).toBe(1)
    for (const { database, ready } of servers) {
      const applied = await sql`SELECT name FROM kysely_migration`.execute(database)
      expect(applied.rows).toHaveLength(Object.keys(migrations).length)
      await ready()
    }
    await Promise.all(servers.map((server) => server.close()))
    await rm(directory, { recursive: true })
  })
})

onPostgres(() => {
  const tablesIn = (database: Database) =>
    sql`SELECT 1 FROM pg_tables WHERE schemaname = 'public'`.execute(database)

  test("migrations that fail leave nothing behind, and the next attempt makes all", async () => {
    const database = openDatabase(await createPostgresDatabase())
    const halfway = async (on: Database) => {
      await sql`CREATE TABLE halfway (id text)`.execute(on)
      await sql`SELECT 1 FROM nowhere`.execute(on)
    }
    await expect(migrate(database, "", halfway)).rejects.toMatchObject({ code: "42P01" })
    expect((await tablesIn(database)).rows).toEqual([])
    await migrate(database, "", async () => {})
    expect(await database.selectFrom("client").selectAll().execute()).toEqual([])
    await database.destroy()
  })

  test("a server that comes while another one migrates waits, and finds all done", async () => {
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
    })
    const locks = () => sql`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`.execute(first)
    await expect.poll(() => order).toEqual(["first"])
    const waiting = migrate(second, "", async () => {
      order.push("second")
    })
    await expect.poll(async () => (await locks()).rows).toHaveLength(1)
    finish()
    await Promise.all([migrating, waiting])
    expect(order).toEqual(["first", "first done", "second"])
    await Promise.all([first.destroy(), second.destroy()])
  })
})
