import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sql } from "kysely"
import { afterEach, beforeEach, expect, test } from "vitest"
import { parseConfig } from "../config.ts"
import { type Database, openDatabase } from "../database/database.ts"
import { migrations } from "../database/migrations.ts"
import { databasePathOf } from "../database/open-configured.ts"
import { createPostgresDatabase, onEachDatabase, onPostgres, postgresEnv } from "../database/testing.ts"
import { openServices } from "../services.ts"
import { runAuthchemy } from "./testing.ts"

const LAST = Object.keys(migrations).at(-1) ?? ""
const UP_TO_DATE = { code: 0, stdout: "The database is up to date.\n", stderr: "" }

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-migrate-command-"))
})
afterEach(() => rm(directory, { recursive: true }))

onEachDatabase((under) => {
  let env: Record<string, string>
  beforeEach(async () => {
    env = under.name === "SQLite" ? {} : postgresEnv(await createPostgresDatabase())
  })
  const authchemy = (...args: string[]) => runAuthchemy(directory, args, { env })
  const change = async (work: (database: Database) => Promise<unknown>) => {
    const config = parseConfig({ AUTHCHEMY_DATA_DIR: directory, ...env })
    const database = openDatabase(config.databaseUrl ?? databasePathOf(config))
    await work(database)
    await database.destroy()
  }
  const forgetLast = () =>
    change((database) => sql`DELETE FROM kysely_migration WHERE name = ${LAST}`.execute(database))

  test("migrate makes all, says what, and has nothing to do the second time", async () => {
    const made = await authchemy("migrate")
    expect(made).toMatchObject({ code: 0, stderr: "" })
    expect(made.stdout).toMatch(/^Applied table user, .* and [\w-]+; the database is up to date\.\n$/)
    expect(made.stdout).toContain(` and ${LAST};`)
    expect(await authchemy("migrate")).toEqual(UP_TO_DATE)
    expect(await authchemy("migrate", "--check")).toEqual(UP_TO_DATE)
    expect(await authchemy("accounts", "list")).toEqual({ code: 0, stdout: "", stderr: "" })
  })

  test("two at once: one applies, the other finds all done", async () => {
    const both = await Promise.all([authchemy("migrate"), authchemy("migrate")])
    expect(both.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
      { code: 0, stderr: "" },
      { code: 0, stderr: "" },
    ])
    expect(both.map(({ stdout }) => stdout.split(" ")[0]).sort()).toEqual(["Applied", "The"])
  })

  test("--check of an empty database lists all, a line each, exits 1 and makes nothing", async () => {
    const first = await authchemy("migrate", "--check")
    expect(first).toMatchObject({
      code: 1,
      stderr: "authchemy: The database is not set up yet. Run: authchemy migrate\n",
    })
    expect(first.stdout.split("\n")).toEqual(expect.arrayContaining(["table user", LAST]))
    expect(await authchemy("migrate", "--check")).toEqual(first)
    expect(await readdir(directory)).toEqual([])
  })

  test("--check lists what is pending, and nothing else", async () => {
    await authchemy("migrate")
    await forgetLast()
    expect(await authchemy("migrate", "--check")).toEqual({
      code: 1,
      stdout: `${LAST}\n`,
      stderr: `authchemy: The database is not up to date: ${LAST} is still to be applied. Run: authchemy migrate\n`,
    })
  })

  test("a database of a later version is said to be one, and serves", async () => {
    await authchemy("migrate")
    await change((database) =>
      sql`INSERT INTO kysely_migration VALUES ('999-later', '2030-01-01T00:00:00.000Z')`.execute(database),
    )
    const newer = {
      code: 0,
      stdout: "The database is newer than this version: it has 999-later. There is nothing to apply.\n",
      stderr: "",
    }
    expect(await authchemy("migrate")).toEqual(newer)
    expect(await authchemy("migrate", "--check")).toEqual(newer)
    expect(await authchemy("accounts", "list")).toMatchObject({ code: 0, stderr: "" })
    const config = parseConfig({ AUTHCHEMY_DATA_DIR: directory, ...env })
    const services = await openServices(config)
    expect(services.newerMigrations).toEqual(["999-later"])
    await services.close()
  })
})

onPostgres(() => {
  test("other commands do not migrate: they say what to run, and change nothing", async () => {
    const env = postgresEnv(await createPostgresDatabase())
    const refused = {
      code: 1,
      stdout: "",
      stderr: "authchemy: The database is not set up yet. Run: authchemy migrate\n",
    }
    const create = ["accounts", "create", "--email", "ada@example.com", "--password-stdin"]
    for (const args of [["accounts", "list"], create, ["clients", "list"]]) {
      expect(await runAuthchemy(directory, args, { env, input: "correct horse battery\n" })).toEqual(refused)
    }
    await runAuthchemy(directory, ["migrate"], { env })
    const database = openDatabase(env.AUTHCHEMY_DATABASE_URL ?? "")
    await sql`DELETE FROM kysely_migration WHERE name = ${LAST}`.execute(database)
    expect(await runAuthchemy(directory, ["accounts", "list"], { env })).toMatchObject({
      code: 1,
      stderr: `authchemy: The database is not up to date: ${LAST} is still to be applied. Run: authchemy migrate\n`,
    })
    await database.destroy()
  })

  test("a PostgreSQL that is out of reach is one sentence, without the password in the URL", async () => {
    const env = postgresEnv("postgres://user:hunter22@127.0.0.1:1/authchemy")
    for (const args of [["migrate"], ["migrate", "--check"]]) {
      const failed = await runAuthchemy(directory, args, { env })
      expect(failed).toMatchObject({ code: 1, stdout: "" })
      expect(failed.stderr).toMatch(/^authchemy: the database is out of reach: connect ECONNREFUSED .*\n$/)
      expect(failed.stderr).not.toContain("hunter22")
    }
  })
})
