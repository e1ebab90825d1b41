import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, expect, test } from "vitest"
import { createTokenService } from "../token-service.ts"
import { DEVICE_REQUEST } from "./contract/devices.ts"
import { expectNoSecret, giveAllKinds } from "./contract/dump.ts"
import { OFFLINE_GRANT, rotation, withRefreshToken } from "./contract/setting.ts"
import { describeTokenStore } from "./contract.ts"
import { openSqliteStore } from "./sqlite.ts"

const directory = mkdtempSync(join(tmpdir(), "authchemy-sqlite-"))
afterAll(() => rmSync(directory, { recursive: true }))

describeTokenStore("SQLite", () => openSqliteStore(join(directory, "contract.db")), { modelRuns: 60 })

test("S45 the file holds no token and no code, of whatever kind, and no half of one", async () => {
  const path = join(directory, "dump.db")
  const tokens = createTokenService({ store: await openSqliteStore(path) })
  const given = await giveAllKinds(tokens, "account-of-the-dump")
  const files = readdirSync(directory).filter((name) => name.startsWith("dump.db"))
  expect(files).toContain("dump.db-wal")
  expectNoSecret(Buffer.concat(files.map((name) => readFileSync(join(directory, name)))), given)
  await tokens.close()
})

test("a write waits for another connection's transaction, without blocking the event loop", async () => {
  const path = join(directory, "busy.db")
  const store = await openSqliteStore(path)
  const tokens = createTokenService({ store })
  const other = new DatabaseSync(path)
  other.exec("BEGIN IMMEDIATE")
  const { promise: turned, resolve } = Promise.withResolvers<void>()
  const created = tokens.createSession({ ...ALCHEMY_GRANT, accountId: "a", expiresInSeconds: 60, device: {} })
  setImmediate(() => {
    other.exec("COMMIT")
    resolve()
  })
  await turned
  const { token } = await created
  expect(await tokens.verify(token)).not.toBeNull()
  other.close()
  await tokens.close()
})

test("a closed store is unavailable, not empty", async () => {
  const store = await openSqliteStore(join(directory, "closed.db"))
  const tokens = createTokenService({ store })
  const { token } = await tokens.createSession({
    ...ALCHEMY_GRANT,
    accountId: "a",
    expiresInSeconds: 60,
    device: {},
  })
  await tokens.close()
  await expect(tokens.verify(token)).rejects.toMatchObject({ code: "store_unavailable" })
})

test("a file that is no database is unavailable", async () => {
  await expect(openSqliteStore(directory)).rejects.toMatchObject({ code: "store_unavailable" })
})

/** How many codes, sessions with access tokens, families, devices and kept texts a file has. */
function rowsOf(path: string) {
  const database = new DatabaseSync(path, { readOnly: true })
  const count = (table: string) => database.prepare(`SELECT count(*) AS n FROM authchemy_${table}`).get()?.n
  const counts = ["codes", "sessions", "refresh", "devices", "kept"].map(count)
  database.close()
  return counts
}

test("revoking deletes the session, its tokens and its family", async () => {
  const path = join(directory, "revoke.db")
  const tokens = createTokenService({ store: await openSqliteStore(path) })
  const grant = { ...OFFLINE_GRANT, accountId: "ada", expiresInSeconds: 60, device: {} }
  const first = await withRefreshToken(tokens.createSession(grant))
  await tokens.refresh(rotation(first.refreshToken))
  expect(rowsOf(path)).toEqual([0, 3, 1, 0, 0])
  expect(await tokens.revoke(first.token)).toBe(true)
  expect(rowsOf(path)).toEqual([0, 0, 0, 0, 0])
  await tokens.close()
})

test("writes clear expired rows of every kind away on their way", async () => {
  const path = join(directory, "sweep.db")
  let now = Date.now()
  const tokens = createTokenService({ store: await openSqliteStore(path), now: () => now })
  await giveAllKinds(tokens, "a")
  // Of the families the session and two access tokens each, and the session without one.
  expect(rowsOf(path)).toEqual([4, 1 + 3 + 2, 2, 5, 1])
  now += 1_200_000
  await tokens.keep("another", "text", now + 1000)
  await tokens.issueCode({
    ...ALCHEMY_GRANT,
    accountId: "a",
    redirectUri: "",
    codeChallenge: null,
    device: {},
  })
  await tokens.requestDevice(DEVICE_REQUEST)
  await tokens.createSession({ ...ALCHEMY_GRANT, accountId: "a", expiresInSeconds: 60, device: {} })
  expect(rowsOf(path)).toEqual([1, 1 + 3 + 2, 2, 1, 1])
  now += 3_600_000
  await tokens.createSession({ ...ALCHEMY_GRANT, accountId: "a", expiresInSeconds: 60, device: {} })
  expect(rowsOf(path)).toEqual([1, 1, 0, 1, 1])
  await tokens.close()
})
