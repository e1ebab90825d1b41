import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from "vitest"
import { createEventIds } from "../audit/event-id.ts"
import type { Config } from "../config.ts"
import { openDatabase } from "../database/database.ts"
import { migrate } from "../database/migrate.ts"
import { databasePathOf } from "../database/open-configured.ts"
import { createPostgresDatabase, onEachDatabase, onPostgres, postgresEnv } from "../database/testing.ts"
import { checkDatabase, checkDataDirectory, checkTokenStore, checkWebhook } from "./stores.ts"
import { closedPort, configOf } from "./testing.ts"

let directory: string
let config: Config
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-doctor-stores-"))
  config = configOf({ AUTHCHEMY_DATA_DIR: directory })
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** The files of the data directory, each with its content, mode and time of change. */
async function everything() {
  const names = (await readdir(directory)).sort()
  return Promise.all(
    names.map(async (name) => {
      const path = join(directory, name)
      const { mode, mtimeMs } = await stat(path)
      return { name, mode, mtimeMs, content: await readFile(path, "latin1") }
    }),
  )
}

const PLENTY = () => Number.MAX_SAFE_INTEGER
const isRoot = process.getuid?.() === 0

describe("the data directory", () => {
  test("this user's alone, with room in it", () => {
    expect(checkDataDirectory(config, PLENTY)).toEqual({
      state: "ok",
      message: `${directory} is this user's alone`,
    })
    expect(checkDataDirectory(config, () => 100 * 1024 * 1024)).toMatchObject({
      state: "warning",
      message: `${directory} has 100 MiB left`,
    })
    expect(["ok", "warning"]).toContain(checkDataDirectory(config).state)
  })

  test("missing: it is not made", async () => {
    await rm(directory, { recursive: true })
    expect(checkDataDirectory(config).state).toBe("warning")
    await expect(stat(directory)).rejects.toThrow("ENOENT")
  })

  test("not needed where everything is elsewhere", () => {
    const env = { ...postgresEnv("postgres://x/y"), AUTHCHEMY_REDIS_URL: "redis://x" }
    expect(checkDataDirectory(configOf(env)).state).toBe("ok")
  })

  test("open to others, a file, or another user's", async () => {
    await chmod(directory, 0o750)
    expect(checkDataDirectory(config, PLENTY)).toEqual({
      state: "wrong",
      message: `others may look into ${directory}`,
      next: `Run: chmod 700 ${directory}`,
    })
    const file = join(directory, "file")
    await writeFile(file, "")
    expect(checkDataDirectory(configOf({ AUTHCHEMY_DATA_DIR: file })).state).toBe("wrong")
  })

  test.runIf(isRoot)("another user's: what is found need not be true for that one", async () => {
    const { chown } = await import("node:fs/promises")
    await chown(directory, 65_534, 65_534)
    expect(checkDataDirectory(config, PLENTY)).toMatchObject({
      state: "warning",
      message: expect.stringContaining("belongs to another user (65534)"),
    })
  })
})

describe("SQLite", () => {
  const prepare = async () => {
    const database = openDatabase(databasePathOf(config))
    await migrate(database, join(directory, "migrate.lock"))
    return database
  }

  test("missing: it is not made", async () => {
    expect((await checkDatabase(config)).state).toBe("warning")
    expect((await checkTokenStore(config)).state).toBe("warning")
    expect(await readdir(directory)).toEqual([])
  })

  test("up to date, and nothing changes, whether or not somebody has it open", async () => {
    const database = await prepare()
    const told = { state: "ok", message: "SQLite answers, and is up to date" }
    expect(await checkDatabase(config)).toEqual(told)
    await database.destroy()
    const before = await everything()
    expect(before.map(({ name }) => name)).toEqual(["authchemy.db", "migrate.lock"])
    expect(await checkDatabase(config)).toEqual(told)
    expect((await checkTokenStore(config)).state).toBe("ok")
    expect(await everything()).toEqual(before)
  })

  test("migrations that are pending are named and not applied; later ones are let be", async () => {
    const database = await prepare()
    await database.destroy()
    const file = new DatabaseSync(databasePathOf(config))
    file.exec("DELETE FROM kysely_migration WHERE name = '005-passkeys-and-providers'")
    file.close()
    const before = await everything()
    expect(await checkDatabase(config)).toEqual({
      state: "warning",
      message: "SQLite answers; still to be applied: 005-passkeys-and-providers",
      next: "The server applies it when it starts.",
    })
    expect(await everything()).toEqual(before)

    const again = await openAgain()
    again.exec("INSERT INTO kysely_migration VALUES ('005-passkeys-and-providers', 'x'), ('999-later', 'x')")
    again.close()
    expect(await checkDatabase(config)).toMatchObject({
      state: "warning",
      message: "SQLite answers, and is newer than this version: it has 999-later",
    })
  })
  const openAgain = async () => new DatabaseSync(databasePathOf(config))

  test("it is looked into while somebody writes, and nobody is held up", async () => {
    const database = await prepare()
    const writer = await openAgain()
    writer.exec("BEGIN IMMEDIATE")
    expect((await checkDatabase(config)).state).toBe("ok")
    writer.exec("COMMIT")
    writer.close()
    await database.destroy()
  })

  test("a file that is no database rejects", async () => {
    await writeFile(databasePathOf(config), "no database at all, whatever its name says")
    await expect(checkDatabase(config)).rejects.toMatchObject({
      cause: { message: expect.stringContaining("not a database") },
    })
    await expect(checkTokenStore(config)).rejects.toThrow()
  })
})

onPostgres(() => {
  test("a database without tables is told apart from one that is up to date, and gets none", async () => {
    const url = await createPostgresDatabase()
    const on = configOf(postgresEnv(url))
    const finding = await checkDatabase(on)
    expect(finding).toMatchObject({
      state: "wrong",
      message: expect.stringContaining("004-audit-log"),
      next: "Run: authchemy migrate",
    })
    expect(await checkDatabase(on)).toEqual(finding)
    const database = openDatabase(url)
    await migrate(database, "")
    await database.destroy()
    expect(await checkDatabase(on)).toEqual({ state: "ok", message: "PostgreSQL answers, and is up to date" })
  })

  test("one that is out of reach rejects", async () => {
    const on = configOf(postgresEnv(`postgres://127.0.0.1:${await closedPort()}/none`))
    await expect(checkDatabase(on)).rejects.toMatchObject({
      cause: { message: expect.stringContaining("ECONNREFUSED") },
    })
  })
})

describe("Redis", () => {
  test("answers", async () => {
    expect(await checkTokenStore(configOf({ AUTHCHEMY_REDIS_URL: inject("redisUrl") }))).toEqual({
      state: "ok",
      message: "Redis answers for codes and sessions",
    })
  })

  test("takes writes that no replica has: a warning says what to set", async () => {
    const env = { AUTHCHEMY_REDIS_URL: inject("redisUrl"), AUTHCHEMY_REDIS_REPLICAS: "1" }
    expect(await checkTokenStore(configOf(env))).toMatchObject({
      state: "warning",
      message: expect.stringContaining("min-replicas-to-write"),
    })
  })

  test("out of reach: it rejects", async () => {
    const url = `redis://127.0.0.1:${await closedPort()}`
    await expect(checkTokenStore(configOf({ AUTHCHEMY_REDIS_URL: url }))).rejects.toThrow()
  })
})

onEachDatabase((under) => {
  test("events that have waited for the webhook for more than an hour are counted", async () => {
    const on = configOf({ AUTHCHEMY_DATA_DIR: directory, ...(await under.env()) })
    const database = openDatabase(on.databaseUrl ?? databasePathOf(on))
    onTestFinished(() => database.destroy())
    if (on.databaseUrl === null) await migrate(database, join(directory, "migrate.lock"))
    const now = Date.UTC(2026, 10, 23, 22, 5)
    const waiting = async (ms: number) => {
      const { id, at } = createEventIds(
        () => now - ms,
        (size) => new Uint8Array(size),
      )()
      const values = { id, body: "{}", attempts: 1, next_attempt_at: at }
      await database.insertInto("webhook_delivery").values(values).execute()
    }
    const check = () => checkWebhook(on, "https://user:pass@hook.example.com/x", now)
    await waiting(0)
    await waiting(60 * 60 * 1000)
    expect(await check()).toEqual({
      state: "ok",
      message: "no event has waited for hook.example.com for an hour",
    })
    await waiting(60 * 60 * 1000 + 1)
    expect(await check()).toMatchObject({
      state: "warning",
      message: "1 event has waited for hook.example.com for more than an hour",
    })
    await waiting(24 * 60 * 60 * 1000)
    expect((await check()).message).toMatch(/^2 events have/)
  })
})
test("a data directory that holds something else than files is no reason to fail", async () => {
  await mkdir(databasePathOf(config))
  await expect(checkDatabase(config)).rejects.toThrow()
})
