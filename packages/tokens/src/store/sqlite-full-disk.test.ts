import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"

const directory = mkdtempSync(join(tmpdir(), "authchemy-full-disk-"))
afterAll(() => rmSync(directory, { recursive: true }))

/** A file system of one megabyte, which only the process that is started on it sees. */
const SMALL_DISK = [
  ...["--map-root-user", "--mount", "sh", "-c"],
  'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"',
  directory,
]
const mayMount = spawnSync("unshare", [...SMALL_DISK, "true"]).status === 0

/** Fills the disk, tries everything, makes room again and tries everything once more. Says what became of it. */
const PROGRAM = `
const [store, service, directory] = process.argv.slice(1)
const { writeFileSync, rmSync, appendFileSync } = await import("node:fs")
const { DatabaseSync } = await import("node:sqlite")
const { openSqliteStore } = await import(store)
const { createTokenService } = await import(service)
const path = directory + "/authchemy.db"
const open = async () => createTokenService({ store: await openSqliteStore(path) })
const [tokens, elsewhere] = [await open(), await open()]
const request = { clientId: "alchemy-cli", scopes: [], accountId: "ada", expiresInSeconds: 600, device: { name: "x".repeat(500) } }
const codeOf = (call) => call.then((answer) => answer, (error) => error.code)
const issued = []
const issue = async () => {
  const answer = await codeOf(tokens.createSession(request))
  if (typeof answer === "object") issued.push(answer.token)
  return typeof answer === "object" ? "ok" : answer
}
const good = async (service, token) => (await codeOf(service.verify(token))) !== null
for (let count = 0; count < 3; count++) await issue()
const [kept, ended] = issued
for (const service of [tokens, elsewhere]) await service.verify(kept)

const filler = directory + "/filler"
writeFileSync(filler, "")
for (const size of [65536, 4096]) {
  try { for (;;) appendFileSync(filler, Buffer.alloc(size)) } catch {}
}
const said = {}
for (said.issue = "ok"; said.issue === "ok" && issued.length < 2000; ) said.issue = await issue()
said.code = await codeOf(tokens.issueCode({ ...request, redirectUri: "x", codeChallenge: null }))
said.revoke = await codeOf(tokens.revoke(ended))
said.endedIsGood = [await good(tokens, ended), await good(elsewhere, ended)]
said.keptIsGood = [await good(tokens, kept), await good(elsewhere, kept)]
said.ready = await codeOf(elsewhere.ready())

rmSync(filler)
said.issueAgain = await issue()
said.revokeAgain = await codeOf(tokens.revoke(ended))
said.endedIsGoodAgain = [await good(tokens, ended), await good(elsewhere, ended)]
said.issued = issued.length - 1
said.listed = (await elsewhere.listSessions("ada")).length
said.good = 0
for (const token of issued) if (await good(elsewhere, token)) said.good++
await tokens.close()
await elsewhere.close()
said.integrity = new DatabaseSync(path).prepare("PRAGMA integrity_check").get().integrity_check
process.stdout.write(JSON.stringify(said))
`

test.skipIf(!mayMount)(
  "on a full disk nothing is issued and no revocation is claimed, verifying goes on, and with room again all works",
  async () => {
    const modules = ["./sqlite.ts", "../token-service.ts"].map((name) => new URL(name, import.meta.url).href)
    const node = [process.execPath, "--conditions=authchemy-source", "--input-type=module", "--eval", PROGRAM]
    const child = spawn("unshare", [...SMALL_DISK, ...node, ...modules, directory], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    const exited = once(child, "exit")
    const chunks: Buffer[] = []
    for await (const chunk of child.stdout) chunks.push(chunk)
    expect(await exited).toEqual([0, null])
    const said = JSON.parse(Buffer.concat(chunks).toString())
    expect(said).toMatchObject({
      issue: "store_unavailable",
      code: "store_unavailable",
      revoke: "store_unavailable",
      endedIsGood: [true, true],
      keptIsGood: [true, true],
      issueAgain: "ok",
      revokeAgain: true,
      endedIsGoodAgain: [false, false],
      integrity: "ok",
    })
    expect(said.listed).toBe(said.issued)
    expect(said.good).toBe(said.issued)
  },
)
