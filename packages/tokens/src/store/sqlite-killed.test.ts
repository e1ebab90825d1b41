import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { DatabaseSync } from "node:sqlite"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, expect, test } from "vitest"
import { createTokenService, type TokenService } from "../token-service.ts"
import { openSqliteStore } from "./sqlite.ts"

const directory = mkdtempSync(join(tmpdir(), "authchemy-killed-"))
afterAll(() => rmSync(directory, { recursive: true }))

/** Signs in and out without end, and says what it was told was done: `+token` issued, `-token` revoked. Refreshes in between. */
const PROGRAM = `
const [store, service, path] = process.argv.slice(1)
const { writeSync } = await import("node:fs")
const { openSqliteStore } = await import(store)
const { createTokenService } = await import(service)
const tokens = createTokenService({ store: await openSqliteStore(path) })
const request = { clientId: "deploy-tool", scopes: ["offline_access"], accountId: "ada", expiresInSeconds: 600, device: {} }
for (;;) {
  const first = await tokens.createSession(request)
  writeSync(1, "+" + first.token + "\\n")
  const second = await tokens.createSession(request)
  writeSync(1, "+" + second.token + "\\n")
  const rotation = { refreshToken: second.refreshToken, clientId: "deploy-tool", scopes: null, keyThumbprint: null, mayChangeKey: false }
  writeSync(1, "+" + (await tokens.refresh(rotation)).token + "\\n")
  await tokens.verify(first.token)
  await tokens.revoke(first.token)
  writeSync(1, "-" + first.token + "\\n")
}
`

/** Runs the program until it has said this many lines, kills it, and returns all that it has said. */
async function runAndKill(path: string, lines: number): Promise<string[]> {
  const modules = ["./sqlite.ts", "../token-service.ts"].map((name) => new URL(name, import.meta.url).href)
  const given = ["--conditions=authchemy-source", "--input-type=module", "--eval", PROGRAM]
  const child = spawn(process.execPath, [...given, ...modules, path], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const exited = once(child, "exit")
  const said: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line)
    if (said.length === lines) child.kill("SIGKILL")
  }
  await exited
  return said
}

/** Families without a session, and access tokens without a family. */
function halves(path: string) {
  const database = new DatabaseSync(path)
  const count = (sql: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${sql}`).get()?.n)
  const found = {
    families: count("authchemy_refresh WHERE family NOT IN (SELECT digest FROM authchemy_sessions)"),
    access: count(
      "authchemy_sessions WHERE family IS NOT NULL AND family NOT IN (SELECT family FROM authchemy_refresh)",
    ),
    integrity: database.prepare("PRAGMA integrity_check").get()?.integrity_check,
  }
  database.close()
  return found
}

const goodOf = async (tokens: TokenService, lines: readonly string[]) => {
  const good: string[] = []
  for (const line of lines) if ((await tokens.verify(line.slice(1))) !== null) good.push(line.slice(1))
  return good
}

test("S46 whenever a process is killed, what it had been told was issued is there, what was revoked is gone, and nothing is half there", async () => {
  const path = join(directory, "killed.db")
  const all: string[] = []
  for (let round = 0; round < 8; round++) {
    const said = await runAndKill(path, 9 + round * 3)
    all.push(...said)
    const tokens = createTokenService({ store: await openSqliteStore(path) })
    const revoked = said.filter((line) => line.startsWith("-"))
    expect(revoked.length).toBeGreaterThan(1)
    expect(await goodOf(tokens, revoked)).toEqual([])
    const ended = new Set(all.filter((line) => line.startsWith("-")).map((line) => line.slice(1)))
    const living = all.filter((line) => line.startsWith("+") && !ended.has(line.slice(1)))
    // The last one that was issued may have been revoked a moment before the kill, without its having been said.
    const good = await goodOf(tokens, living)
    expect(living.length - good.length).toBeLessThanOrEqual(round + 1)
    await tokens.close()
    expect(halves(path)).toEqual({ families: 0, access: 0, integrity: "ok" })
  }
}, 60_000)

test("S46 a process that was killed between ending a session and telling others costs the next revocation one wait, once", async () => {
  const path = join(directory, "waits.db")
  const tokens = createTokenService({ store: await openSqliteStore(path) })
  await runAndKill(path, 4)
  const request = { ...ALCHEMY_GRANT, accountId: "bob", expiresInSeconds: 600, device: {} }
  const took: number[] = []
  for (let round = 0; round < 3; round++) {
    const { token } = await tokens.createSession(request)
    const begun = performance.now()
    expect(await tokens.revoke(token)).toBe(true)
    took.push(performance.now() - begun)
  }
  const [first = 0, ...later] = took
  expect(first).toBeGreaterThan(500)
  expect(Math.max(...later)).toBeLessThan(500)
  await tokens.close()
})
