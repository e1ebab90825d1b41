import { randomBytes } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sql } from "kysely"
import { afterEach, beforeEach, expect, test } from "vitest"
import { type Database, openDatabase } from "./database.ts"
import { DatabaseUnavailableError } from "./database-error.ts"
import { refusalOf } from "./refused-value.ts"
import { createPostgresDatabase, onEachDatabase, onPostgres } from "./testing.ts"

const failureOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).not.toBeNull()
  return error
}

onEachDatabase((under) => {
  let directory: string
  let database: Database
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "authchemy-refused-"))
    database = openDatabase(await under.create(directory))
    await sql`CREATE TABLE word (text TEXT NOT NULL CHECK (text <> 'no'))`.execute(database)
    await sql`CREATE INDEX word_text ON word (text)`.execute(database)
  })
  afterEach(async () => {
    await database.destroy()
    await rm(directory, { recursive: true })
  })
  const codes = (sqlite: string, postgres: string) => (under.name === "SQLite" ? sqlite : postgres)

  test("a value that breaks a rule is refused, by a code", async () => {
    const failed = await failureOf(sql`INSERT INTO word VALUES (${"no"})`.execute(database))
    expect(refusalOf(failed)).toBe(codes("SQLite 19", "23514"))
  })

  test("a table that is not there, and a database that is closed, are no value's fault", async () => {
    expect(refusalOf(await failureOf(sql`INSERT INTO away VALUES (1)`.execute(database)))).toBeNull()
    await database.destroy()
    expect(refusalOf(await failureOf(sql`INSERT INTO word VALUES ('x')`.execute(database)))).toBeNull()
    database = openDatabase(await under.create(directory))
  })
})

onPostgres(() => {
  test("a value that is too long for its index, and one that the encoding lacks, are refused", async () => {
    const url = await createPostgresDatabase()
    const database = openDatabase(url)
    await sql`CREATE TABLE word (text TEXT)`.execute(database)
    await sql`CREATE INDEX word_text ON word (text)`.execute(database)
    const tooLong = sql`INSERT INTO word VALUES (${randomBytes(10_000).toString("base64")})`.execute(database)
    expect(refusalOf(await failureOf(tooLong))).toBe("54000")
    await sql`CREATE DATABASE ${sql.id(`${new URL(url).pathname.slice(1)}_latin`)} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`.execute(
      database,
    )
    await database.destroy()
    const latin = openDatabase(`${url}_latin`)
    await sql`CREATE TABLE word (text TEXT)`.execute(latin)
    expect(refusalOf(await failureOf(sql`INSERT INTO word VALUES (${"漢"})`.execute(latin)))).toBe("22P05")
    await latin.destroy()
  })
})

test("what a driver cannot send is refused; a database out of reach, and anything unknown, is not", () => {
  expect(refusalOf(new TypeError("it says 4711"))).toBe("TypeError")
  expect(refusalOf(new DatabaseUnavailableError(new TypeError("x")))).toBeNull()
  for (const unknown of [new Error("x"), "x", null, undefined]) expect(refusalOf(unknown)).toBeNull()
})
