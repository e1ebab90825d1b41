import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { StoreUnavailableError } from "@authchemy/tokens"
import { sql } from "kysely"
import { afterEach, beforeEach, expect, test } from "vitest"
import { openSqlite, openSqliteToRead } from "./sqlite.ts"

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-database-"))
  path = join(directory, "authchemy.db")
})
afterEach(() => rm(directory, { recursive: true }))

test("every commit is on disk, foreign keys hold, and the file is its owner's alone", async () => {
  await writeFile(path, "")
  await chmod(path, 0o644)
  const database = openSqlite(path)
  const pragma = async (name: string) =>
    Object.values((await sql<object>`PRAGMA ${sql.raw(name)}`.execute(database)).rows[0] ?? {})[0]
  expect(await pragma("journal_mode")).toBe("wal")
  expect(await pragma("synchronous")).toBe(2)
  expect(await pragma("foreign_keys")).toBe(1)
  await sql`CREATE TABLE written (id TEXT)`.execute(database)
  for (const suffix of ["", "-wal", "-shm"]) expect((await stat(path + suffix)).mode & 0o777).toBe(0o600)
  await database.destroy()
})

test("rows written, changed and streamed are counted and read", async () => {
  const database = openSqlite(path)
  await sql`CREATE TABLE access_key (id TEXT PRIMARY KEY, name TEXT)`.execute(database)
  for (const id of ["a", "b"]) await sql`INSERT INTO access_key VALUES (${id}, ${id})`.execute(database)
  const changed = await database.updateTable("access_key").set({ name: "c" }).executeTakeFirst()
  expect(changed.numUpdatedRows).toBe(2n)
  const seen: string[] = []
  for await (const row of database.selectFrom("access_key").select("id").stream()) seen.push(row.id)
  expect(seen).toEqual(["a", "b"])
  await expect(sql`INSERT INTO access_key VALUES ('a', 'a')`.execute(database)).rejects.not.toBeInstanceOf(
    StoreUnavailableError,
  )
  await database.destroy()
})

test("a database that another process holds on to is out of reach, not at fault", async () => {
  const database = openSqlite(path, 0)
  await sql`CREATE TABLE access_key (id TEXT PRIMARY KEY)`.execute(database)
  const other = new DatabaseSync(path)
  other.exec("BEGIN IMMEDIATE")
  await expect(sql`INSERT INTO access_key VALUES ('a')`.execute(database)).rejects.toMatchObject({
    code: "store_unavailable",
    message: "the database is out of reach",
  })
  other.exec("ROLLBACK")
  await sql`INSERT INTO access_key VALUES ('a')`.execute(database)
  other.close()
  await database.destroy()
})

test("a file that is no database is told in a sentence", async () => {
  await writeFile(path, "this is no database, and never was one".repeat(100))
  expect(() => openSqlite(path)).toThrow(StoreUnavailableError)
})

test("opened to be read, nothing is written and no file is made, whether or not somebody else has it open", async () => {
  const database = openSqlite(path)
  await sql`CREATE TABLE written (id TEXT)`.execute(database)
  const look = async () => {
    const reading = openSqliteToRead(path)
    try {
      expect((await sql`SELECT * FROM written`.execute(reading)).rows).toEqual([])
      await expect(sql`INSERT INTO written VALUES ('x')`.execute(reading)).rejects.toThrow()
    } finally {
      await reading.destroy()
    }
  }
  await look()
  await database.destroy()
  expect(await readdir(directory)).toEqual(["authchemy.db"])
  await look()
  expect(await readdir(directory)).toEqual(["authchemy.db"])
  expect(() => openSqliteToRead(join(directory, "missing.db"))).toThrow(StoreUnavailableError)
  expect(await readdir(directory)).toEqual(["authchemy.db"])
})
