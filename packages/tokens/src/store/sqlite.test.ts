import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, expect, test } from "vitest"
import { createTokenService } from "../token-service.ts"
import { describeTokenStore } from "./contract.ts"
import { openSqliteStore } from "./sqlite.ts"

const directory = mkdtempSync(join(tmpdir(), "authchemy-sqlite-"))
afterAll(() => rmSync(directory, { recursive: true }))

describeTokenStore("SQLite", () => openSqliteStore(join(directory, "contract.db")))

test("S45 the file holds no token and no code", async () => {
  const path = join(directory, "dump.db")
  const tokens = createTokenService({ store: await openSqliteStore(path) })
  const code = await tokens.issueCode({
    ...ALCHEMY_GRANT,
    accountId: "account",
    redirectUri: "http://127.0.0.1:1/callback",
    codeChallenge: null,
    device: {},
  })
  const { token } = await tokens.createSession({
    ...ALCHEMY_GRANT,
    accountId: "account",
    expiresInSeconds: 60,
    device: {},
  })
  const files = readdirSync(directory).filter((name) => name.startsWith("dump.db"))
  expect(files).toContain("dump.db-wal")
  const dump = Buffer.concat(files.map((name) => readFileSync(join(directory, name))))
  expect(dump.includes("account")).toBe(true)
  for (const secret of [code, token]) {
    expect(dump.includes(secret)).toBe(false)
    expect(dump.includes(secret.slice(15, -6))).toBe(false)
  }
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

test("writes clear expired rows away on their way", async () => {
  const path = join(directory, "sweep.db")
  let now = 1_000_000
  const tokens = createTokenService({ store: await openSqliteStore(path), now: () => now })
  for (let index = 0; index < 5; index++) {
    await tokens.createSession({ ...ALCHEMY_GRANT, accountId: "a", expiresInSeconds: 60, device: {} })
  }
  now += 61_000
  await tokens.createSession({ ...ALCHEMY_GRANT, accountId: "a", expiresInSeconds: 60, device: {} })
  const database = new DatabaseSync(path, { readOnly: true })
  expect(database.prepare("SELECT count(*) AS n FROM authchemy_sessions").get()?.n).toBe(1)
  database.close()
  await tokens.close()
})
