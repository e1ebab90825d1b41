import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, expect, test } from "vitest"
import { digestOf, mintToken, tagOf } from "../token-format.ts"
import { createTokenService } from "../token-service.ts"
import { DEVICE_REQUEST, polling } from "./contract/devices.ts"
import { OFFLINE_GRANT, redemption, refusal, rotation, withRefreshToken } from "./contract/setting.ts"
import { openSqliteStore } from "./sqlite.ts"

const directory = mkdtempSync(join(tmpdir(), "authchemy-schema-"))
afterAll(() => rmSync(directory, { recursive: true }))

/** The tables of version 0.1.0, word for word. */
const FIRST_SCHEMA = `
  CREATE TABLE IF NOT EXISTS authchemy_codes (
    digest TEXT PRIMARY KEY,
    tag TEXT NOT NULL,
    account_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    device TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_by TEXT,
    keep_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS authchemy_codes_keep_until ON authchemy_codes (keep_until);
  CREATE TABLE IF NOT EXISTS authchemy_sessions (
    digest TEXT PRIMARY KEY,
    tag TEXT NOT NULL,
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    device TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS authchemy_sessions_account ON authchemy_sessions (account_id, id);
  CREATE INDEX IF NOT EXISTS authchemy_sessions_expires_at ON authchemy_sessions (expires_at);
`

/** A file as version 0.1.0 left it, with a code and a session of `ada`. */
function writeOldFile(path: string) {
  const [createdAt, expiresAt] = [Date.now() - 86_400_000, Date.now() + 86_400_000]
  const token = mintToken("at", "ada", (size) => crypto.getRandomValues(new Uint8Array(size)))
  const code = mintToken("ac", "ada", (size) => crypto.getRandomValues(new Uint8Array(size)))
  const old = new DatabaseSync(path)
  old.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
  old.exec(FIRST_SCHEMA)
  old
    .prepare("INSERT INTO authchemy_sessions VALUES (?, ?, 'session-id-16-ch', 'ada', ?, ?, ?, ?)")
    .run(digestOf(token), tagOf("ada"), '{"name":"laptop"}', createdAt, createdAt, expiresAt)
  old
    .prepare("INSERT INTO authchemy_codes VALUES (?, ?, 'ada', 'x', NULL, '{}', ?, NULL, ?)")
    .run(digestOf(code), tagOf("ada"), Date.now() + 60_000, Date.now() + 60_000)
  old.close()
  const session = {
    ...{ ...ALCHEMY_GRANT, accountId: "ada", id: "session-id-16-ch", device: { name: "laptop" } },
    ...{ keyThumbprint: null, createdAt, lastUsedAt: createdAt, expiresAt },
  }
  return { token, code, session }
}

test("a file of the first version is brought up to date, and its sessions go on", async () => {
  const path = join(directory, "old.db")
  const { token, code, session } = writeOldFile(path)
  const tokens = createTokenService({ store: await openSqliteStore(path) })
  expect(await tokens.listSessions("ada")).toEqual([session])
  expect(await tokens.verify(token)).toEqual(session)
  const old = { ...redemption(code), redirectUri: "x", codeVerifier: null }
  expect(await refusal(tokens.redeemCode(old))).toBe("unknown")

  const grant = { ...OFFLINE_GRANT, accountId: "ada", device: {} }
  const first = await withRefreshToken(tokens.createSession({ ...grant, expiresInSeconds: 600 }))
  const second = await withRefreshToken(tokens.refresh(rotation(first.refreshToken)))
  const fresh = await tokens.issueCode({ ...grant, redirectUri: "x", codeChallenge: null })
  const claim = { ...redemption(fresh), redirectUri: "x", codeVerifier: null, clientId: grant.clientId }
  expect((await tokens.redeemCode(claim)).session.scopes).toEqual(grant.scopes)
  const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
  await tokens.decideDevice(userCode, "ada", "approve")
  expect((await tokens.pollDevice(polling(deviceCode))).session.accountId).toBe("ada")
  await tokens.close()

  const again = createTokenService({ store: await openSqliteStore(path) })
  expect(await again.inspect(token)).toMatchObject({ id: session.id })
  expect(await again.verify(second.token)).not.toBeNull()
  expect(await again.listSessions("ada")).toHaveLength(4)
  expect(await again.revoke(token)).toBe(true)
  expect(await again.revokeSessions("ada")).toBe(3)
  await again.close()
})

test("a file that is brought up to date is as a new one", async () => {
  const [upgraded, made] = [join(directory, "upgraded.db"), join(directory, "made.db")]
  writeOldFile(upgraded)
  for (const path of [upgraded, made]) await (await openSqliteStore(path)).close()
  const shape = (path: string) => {
    const database = new DatabaseSync(path, { readOnly: true })
    const columns = database
      .prepare(
        `SELECT m.type, m.name, i.name AS column, i.type AS of, i."notnull", i.dflt_value, i.pk
         FROM sqlite_schema AS m LEFT JOIN pragma_table_info(m.name) AS i ORDER BY m.name, i.cid`,
      )
      .all()
    database.close()
    return columns
  }
  expect(shape(upgraded)).toEqual(shape(made))
})

test("many connections that open an old file at once all find it up to date", async () => {
  const path = join(directory, "at-once.db")
  const { token, session } = writeOldFile(path)
  const stores = await Promise.all(Array.from({ length: 5 }, () => openSqliteStore(path)))
  for (const store of stores) {
    const tokens = createTokenService({ store })
    expect(await tokens.inspect(token)).toMatchObject({ id: session.id })
    await tokens.createSession({ ...ALCHEMY_GRANT, accountId: "b", expiresInSeconds: 60, device: {} })
    await tokens.close()
  }
})

const OPENING = `
const [store, service, path, token] = process.argv.slice(1)
const { openSqliteStore } = await import(store)
const { createTokenService } = await import(service)
process.stdout.write("ready\\n")
process.stdin.once("data", async () => {
  const tokens = createTokenService({ store: await openSqliteStore(path) })
  const found = await tokens.inspect(token)
  await tokens.requestDevice({ clientId: "c", scopes: [], device: {}, address: "", codeChallenge: null })
  await tokens.close()
  process.stdout.write(found.id)
  process.exit()
})
`

test("several processes that open an old file at once all find it up to date", async () => {
  const path = join(directory, "processes.db")
  const { token, session } = writeOldFile(path)
  const modules = ["./sqlite.ts", "../token-service.ts"].map((name) => new URL(name, import.meta.url).href)
  const given = ["--conditions=authchemy-source", "--input-type=module", "--eval", OPENING]
  const children = Array.from({ length: 3 }, () =>
    spawn(process.execPath, [...given, ...modules, path, token], { stdio: ["pipe", "pipe", "inherit"] }),
  )
  await Promise.all(children.map(({ stdout }) => once(stdout, "data")))
  const said = children.map(async ({ stdin, stdout }) => {
    stdin.write("go\n")
    const chunks: Buffer[] = []
    for await (const chunk of stdout) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  })
  expect(await Promise.all(said)).toEqual(Array(3).fill(session.id))
})

test("an old file is not touched until another connection's transaction has ended", async () => {
  const path = join(directory, "busy.db")
  const { token } = writeOldFile(path)
  const other = new DatabaseSync(path)
  other.exec("BEGIN IMMEDIATE")
  other.exec("DELETE FROM authchemy_codes")
  const opening = openSqliteStore(path)
  const { promise: turned, resolve } = Promise.withResolvers<void>()
  setImmediate(() => {
    other.exec("COMMIT")
    other.close()
    resolve()
  })
  await turned
  const tokens = createTokenService({ store: await opening })
  expect(await tokens.inspect(token)).not.toBeNull()
  await tokens.close()
})
