import { createServer } from "node:net"
import { sql } from "kysely"
import { afterEach, beforeEach, expect, test } from "vitest"
import { describeError } from "../logging.ts"
import { PostgresDatabase } from "./postgres.ts"
import { createPostgresDatabase, onPostgres } from "./testing.ts"

const OUT_OF_REACH = { code: "store_unavailable", message: "the database is out of reach" }

onPostgres(() => {
  let url: string
  let database: PostgresDatabase
  let lost: string[]
  const open = (address: string) => new PostgresDatabase(address, (error) => lost.push(error.message))
  beforeEach(async () => {
    lost = []
    url = await createPostgresDatabase()
    database = open(url)
  })
  afterEach(() => database.destroy())

  const settingOf = async (name: string) => {
    const { rows } = await sql<{ value: string }>`SELECT current_setting(${name}) AS value`.execute(database)
    return rows[0]?.value
  }

  test("the server is told who asks and how long a statement may take", async () => {
    expect(await settingOf("application_name")).toBe("authchemy")
    expect(await settingOf("statement_timeout")).toBe("5s")
    await database.destroy()
    database = open(`${url}?application_name=blue`)
    expect(await settingOf("application_name")).toBe("blue")
  })

  test("a thousand statements at once go through ten connections", async () => {
    const asked = Array.from({ length: 1000 }, () =>
      sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(database),
    )
    const pids = new Set((await Promise.all(asked)).map(({ rows }) => rows[0]?.pid))
    expect(pids.size).toBeLessThanOrEqual(10)
  })

  test("who finds all connections taken waits two seconds, and then is told that nothing is known", async () => {
    const taken = Array.from({ length: 10 }, () => sql`SELECT pg_sleep(3)`.execute(database))
    const began = performance.now()
    await expect(sql`SELECT 1`.execute(database)).rejects.toMatchObject(OUT_OF_REACH)
    expect(performance.now() - began).toBeLessThan(2_900)
    await Promise.all(taken)
    await sql`SELECT 1`.execute(database)
  })

  test("a statement that takes too long is cut off, and the next one goes on", async () => {
    const hasty = database.withStatementLimit(100)
    await expect(sql`SELECT pg_sleep(60)`.execute(hasty)).rejects.toMatchObject(OUT_OF_REACH)
    await sql`SELECT 1`.execute(hasty)
    await hasty.destroy()
  })

  test("a server that takes connections and is silent is given up", async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
    const address = silent.address()
    if (address === null || typeof address === "string") throw new Error("no port")
    const mute = open(`postgres://authchemy@127.0.0.1:${address.port}/authchemy`)
    await expect(sql`SELECT 1`.execute(mute)).rejects.toMatchObject(OUT_OF_REACH)
    await mute.destroy()
    silent.close()
  })

  test("connections that were lost are made anew: those in use tell, those at rest are only reported", async () => {
    const end = sql`SELECT pg_terminate_backend(pg_backend_pid())`
    await expect(end.execute(database)).rejects.toMatchObject(OUT_OF_REACH)
    await sql`SELECT 1`.execute(database)
    expect(lost).toEqual([])
    const other = open(url)
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`.execute(other)
    await expect.poll(() => lost).toHaveLength(1)
    await sql`SELECT 1`.execute(database)
    await other.destroy()
  })

  test("a transaction whose connection is lost between two statements ends as one whose outcome is not known", async () => {
    const other = open(url)
    const work = database.transaction().execute(async (transaction) => {
      await sql`CREATE TABLE halfway (id text)`.execute(transaction)
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(transaction)
      await sql`SELECT pg_terminate_backend(${rows[0]?.pid}, 5000)`.execute(other)
      await sql`SELECT 1`.execute(other)
      await sql`SELECT 1`.execute(transaction)
    })
    await expect(work).rejects.toMatchObject(OUT_OF_REACH)
    const { rows } = await sql`SELECT to_regclass('halfway') AS found`.execute(database)
    expect(rows).toEqual([{ found: null }])
    await other.destroy()
  })

  test("through a connection that is at fault, nothing more is sent", async () => {
    const hasty = database.withStatementLimit(100)
    const work = hasty.transaction().execute(async (transaction) => {
      await sql`SELECT pg_sleep(60)`.execute(transaction).catch(() => {})
      await sql`SELECT 1`.execute(transaction)
    })
    await expect(work).rejects.toMatchObject(OUT_OF_REACH)
    await sql`SELECT 1`.execute(hasty)
    await hasty.destroy()
  })

  test("a fault of a statement passes as it is", async () => {
    await expect(sql`SELECT 1 FROM nowhere`.execute(database)).rejects.toMatchObject({ code: "42P01" })
  })

  test("U+0000, which PostgreSQL cannot hold, is replaced", async () => {
    const { rows } = await sql`SELECT ${"a\0b"}::text AS held, ${null}::text AS nothing`.execute(database)
    expect(rows).toEqual([{ held: "a\uFFFDb", nothing: null }])
  })

  test("S45 no error and no log tells the password", async () => {
    const { port } = new URL(url)
    const wrong = [
      `postgres://authchemy:not-the-password@127.0.0.1:${port}/authchemy`,
      "postgres://authchemy:not-the-password@127.0.0.1:1/authchemy",
      "postgres://authchemy:not-the-password@127.0.0.1:1/authchemy?sslrootcert=/nowhere/ca.pem",
      "postgres://authchemy:not-the-password%zz@127.0.0.1:port/authchemy",
    ]
    for (const address of wrong) {
      const failing = open(address)
      const error: unknown = await sql`SELECT 1`.execute(failing).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject(OUT_OF_REACH)
      expect(JSON.stringify(describeError(error))).not.toContain("not-the-password")
      await failing.destroy()
    }
  })
})
