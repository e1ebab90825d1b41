import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, expect, test, vi } from "vitest"
import { createTokenService } from "../token-service.ts"
import { DEVICE_REQUEST, polling } from "./contract/devices.ts"
import { OFFLINE_GRANT, redemption, rotation, withRefreshToken } from "./contract/setting.ts"
import { openSqliteStore } from "./sqlite.ts"
import { connectToSqlite } from "./sqlite-connection.ts"

const directory = mkdtempSync(join(tmpdir(), "authchemy-connection-"))
afterAll(() => rmSync(directory, { recursive: true }))

const [NORMAL, FULL] = [1, 2]

test("a write is on disk before it is acknowledged, also after notes, be they kept or failed", async () => {
  const { database, writing, noting } = await connectToSqlite(join(directory, "levels.db"))
  const level = () => Number(database.prepare("PRAGMA synchronous").get()?.synchronous)
  const fail = () => {
    throw new Error("no")
  }
  expect(await writing(level)).toBe(FULL)
  expect(await noting(level)).toBe(NORMAL)
  expect(await noting(level)).toBe(NORMAL)
  expect(await writing(level)).toBe(FULL)
  await expect(noting(fail)).rejects.toMatchObject({ code: "store_unavailable" })
  expect(await writing(level)).toBe(FULL)
  database.close()
})

test("a write whose durability cannot be set is not made", async () => {
  const { database, writing, noting } = await connectToSqlite(join(directory, "unset.db"))
  await noting(() => {})
  const exec = vi.spyOn(database, "exec").mockImplementationOnce(() => {
    throw new Error("disk I/O error")
  })
  const work = vi.fn()
  await expect(writing(work)).rejects.toMatchObject({ code: "store_unavailable" })
  expect(work).not.toHaveBeenCalled()
  exec.mockRestore()
  const level = () => Number(database.prepare("PRAGMA synchronous").get()?.synchronous)
  expect(await writing(level)).toBe(FULL)
  database.close()
})

test("what is issued, used up or ended waits for the disk; last uses and the pace of polls do not", async () => {
  const levels: number[] = []
  const exec = DatabaseSync.prototype.exec
  vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql: string) {
    if (sql === "COMMIT") levels.push(Number(this.prepare("PRAGMA synchronous").get()?.synchronous))
    exec.call(this, sql)
  })
  let now = Date.now()
  const tokens = createTokenService({
    store: await openSqliteStore(join(directory, "which.db")),
    now: () => now,
  })
  const levelsOf = async (call: () => Promise<unknown>) => {
    levels.length = 0
    await call().catch(() => {})
    return [...levels]
  }
  const grant = { ...OFFLINE_GRANT, accountId: "ada", device: {} }
  const create = () => withRefreshToken(tokens.createSession({ ...grant, expiresInSeconds: 600 }))
  const issue = () => tokens.issueCode({ ...grant, redirectUri: "x", codeChallenge: null })
  const { refreshToken } = await create()
  const code = await issue()
  const claim = { ...redemption(code), redirectUri: "x", codeVerifier: null, clientId: grant.clientId }
  const { deviceCode } = await tokens.requestDevice(DEVICE_REQUEST)
  for (const call of [
    create,
    issue,
    () => tokens.redeemCode(claim),
    () => tokens.refresh(rotation(refreshToken)),
    () => tokens.requestDevice(DEVICE_REQUEST),
    () => tokens.keep("name", "text", now + 1000),
    () => tokens.take("name"),
    () => tokens.revokeSessions("ada"),
  ]) {
    expect(await levelsOf(call)).toEqual([FULL])
  }
  expect(await levelsOf(() => tokens.pollDevice(polling(deviceCode)))).toEqual([NORMAL])
  const { token } = await tokens.createSession({ ...grant, scopes: [], expiresInSeconds: 600 })
  now += 61_000
  const used = await levelsOf(async () => {
    await tokens.inspect(token)
    await tokens.close()
  })
  expect(new Set(used)).toEqual(new Set([NORMAL]))
  vi.restoreAllMocks()
})

test("a transaction that fails half-way leaves nothing, and the next one goes well", async () => {
  const path = join(directory, "full.db")
  const { database, writing, reading } = await connectToSqlite(path)
  const keep = database.prepare("INSERT INTO authchemy_kept VALUES (?, ?, 0)")
  const count = () => Number(database.prepare("SELECT count(*) AS n FROM authchemy_kept").get()?.n)
  await writing(() => keep.run("first", "text"))
  const pages = Number(database.prepare("PRAGMA page_count").get()?.page_count)
  database.exec(`PRAGMA max_page_count = ${pages + 2}`)
  const filling = writing(() => {
    for (let index = 0; index < 100; index++) keep.run(`key ${index}`, "x".repeat(4000))
  })
  await expect(filling).rejects.toMatchObject({ code: "store_unavailable" })
  expect(await reading(count)).toBe(1)
  database.exec("PRAGMA max_page_count = 100000")
  await writing(() => keep.run("second", "text"))
  expect(await reading(count)).toBe(2)
  database.close()
})

test("a lock that is not let go of within two seconds makes the store unavailable, and readers go on", async () => {
  const path = join(directory, "locked.db")
  const tokens = createTokenService({ store: await openSqliteStore(path) })
  const request = { ...ALCHEMY_GRANT, accountId: "ada", expiresInSeconds: 600, device: {} }
  const { token } = await tokens.createSession(request)
  const other = new DatabaseSync(path)
  other.exec("BEGIN IMMEDIATE")
  const [revoked, issued] = await Promise.allSettled([tokens.revoke(token), tokens.createSession(request)])
  expect(revoked).toMatchObject({ status: "rejected", reason: { code: "store_unavailable" } })
  expect(issued).toMatchObject({ status: "rejected", reason: { code: "store_unavailable" } })
  expect(await tokens.verify(token)).not.toBeNull()
  other.exec("ROLLBACK")
  other.close()
  expect(await tokens.listSessions("ada")).toHaveLength(1)
  expect(await tokens.revoke(token)).toBe(true)
  expect(await tokens.verify(token)).toBeNull()
  await tokens.close()
})
