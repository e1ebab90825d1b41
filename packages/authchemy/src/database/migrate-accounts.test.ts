import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { BetterAuthOptions } from "better-auth"
import { sql } from "kysely"
import { afterEach, beforeEach, expect, test } from "vitest"
import { type Database, openDatabase } from "./database.ts"
import { completeAccountTables, missingFromAccountTables } from "./migrate-accounts.ts"
import { onEachDatabase } from "./testing.ts"

onEachDatabase((under) => {
  let directory: string
  let database: Database
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "authchemy-migrate-accounts-"))
    database = openDatabase(await under.create(directory))
  })
  afterEach(async () => {
    await database.destroy()
    await rm(directory, { recursive: true })
  })

  test("what is missing is what is made, and then nothing is", async () => {
    const missing = await missingFromAccountTables(database, {})
    expect(missing).toEqual(["table user", "table session", "table account", "table verification"])
    expect(await completeAccountTables(database, {})).toEqual(missing)
    expect(await missingFromAccountTables(database, {})).toEqual([])
  })

  test("a column and a table that the settings ask for later are added", async () => {
    await completeAccountTables(database, {})
    const later: BetterAuthOptions = {
      user: { additionalFields: { nick: { type: "string", required: false } } },
      plugins: [{ id: "pets", schema: { pet: { fields: { name: { type: "string" } } } } }],
    }
    const added = ["table pet", "column user.nick"]
    expect(await missingFromAccountTables(database, later)).toEqual(added)
    expect(await completeAccountTables(database, later)).toEqual(added)
    expect((await sql`SELECT "nick" FROM "user" CROSS JOIN "pet"`.execute(database)).rows).toEqual([])
  })

  test("a column that rows of before cannot have is named, and never added to them", async () => {
    await completeAccountTables(database, {})
    const now = "2026-11-23T22:05:00.000Z"
    await sql`INSERT INTO "user" ("id", "name", "email", "emailVerified", "createdAt", "updatedAt")
      VALUES ('a', 'Ada', 'ada@example.com', ${under.name === "SQLite" ? 0 : sql`false`}, ${now}, ${now})`.execute(
      database,
    )
    const required: BetterAuthOptions = { user: { additionalFields: { nick: { type: "string" } } } }
    expect(await missingFromAccountTables(database, required)).toEqual(["column user.nick"])
    await expect(completeAccountTables(database, required)).rejects.toThrow("existing rows have no value")
    expect(await missingFromAccountTables(database, required)).toEqual(["column user.nick"])
  })
})
