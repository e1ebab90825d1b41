import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { openDatabase } from "./database.ts"
import { migrate } from "./migrate.ts"
import { PostgresDatabase } from "./postgres.ts"
import { onEachDatabase } from "./testing.ts"

test.each([
  "postgres://localhost/authchemy",
  "postgresql://user@db.example:5433/authchemy?sslmode=verify-full",
])("%s is PostgreSQL, and is not asked until it is used", async (location) => {
  const database = openDatabase(location)
  expect(database).toBeInstanceOf(PostgresDatabase)
  await database.destroy()
})

onEachDatabase((under) => {
  test("rows are written once, counted and read; after the end nothing is answered", async () => {
    const directory = await mkdtemp(join(tmpdir(), "authchemy-database-"))
    const database = openDatabase(await under.create(directory))
    await migrate(database, join(directory, "lock"), async () => [])
    const client = {
      id: "a",
      name: "A",
      secret_digest: null,
      redirect_uris: "[]",
      grants: "[]",
      require_dpop: 1,
      resource_server: 0,
      created_at: "2026-11-23T22:05:00.000Z",
    }
    const add = () =>
      database
        .insertInto("client")
        .values(client)
        .onConflict((conflict) => conflict.column("id").doNothing())
        .executeTakeFirst()
    expect((await add()).numInsertedOrUpdatedRows).toBe(1n)
    expect((await add()).numInsertedOrUpdatedRows).toBe(0n)
    expect(await database.selectFrom("client").selectAll().execute()).toEqual([client])
    await expect(database.insertInto("client").values(client).execute()).rejects.not.toMatchObject({
      code: "store_unavailable",
    })
    const removed = await database.deleteFrom("client").where("id", "=", "a").executeTakeFirst()
    expect(removed.numDeletedRows).toBe(1n)
    await database.destroy()
    await expect(database.selectFrom("client").selectAll().execute()).rejects.toThrow()
    await rm(directory, { recursive: true })
  })
})
