import { writeFile } from "node:fs/promises"
import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../../testing.ts"
import { NOW, newToken, startServer } from "../../testing-server.ts"

type Report = { id: string; verdict: string; found: string; todo?: string; fixed?: string }
const reportOf = (json: { checks: Report[] }, id: string) => json.checks.find((report) => report.id === id)

/** A server whose answers are of the moment at which tests take place. */
async function startTimelyServer() {
  const server = await startServer()
  const date = new Date(NOW).toUTCString()
  for (const path of ["/.well-known/oauth-authorization-server", "/healthz"]) {
    server.override(path, (_, response) => response.writeHead(200, { date }).end("{}"))
  }
  return server
}

test("everything is fine: exit 0", async () => {
  const server = await startTimelyServer()
  const token = newToken()
  server.sessions.add(token)
  const machine = await testMachine({ server: server.origin, config: signedInConfig(server.origin, token) })
  const { code, json, stdout } = await machine.run(["auth", "doctor"])
  expect(json.checks.filter(({ verdict }: Report) => verdict === "problem")).toEqual([])
  expect({ code, ok: json.ok }).toEqual({ code: 0, ok: true })
  expect(reportOf(json, "sign-in")?.found).toContain("the server accepts it")
  expect(stdout).not.toContain(token)
  expect(stdout).not.toContain("fixable")
})

test("the server is down: exit 1, with why and what to do", async () => {
  const machine = await testMachine({ server: NOBODY })
  const { code, json } = await machine.run(["auth", "doctor"])
  expect({ code, ok: json.ok }).toEqual({ code: 1, ok: false })
  expect(reportOf(json, "auth-server")).toMatchObject({
    verdict: "problem",
    found: expect.stringContaining("the connection was refused"),
    todo: expect.any(String),
  })
})

test("`--offline` asks nobody", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, config: signedInConfig(server.origin) })
  const { code } = await machine.run(["auth", "doctor", "--offline"])
  expect({ code, seen: server.seen }).toEqual({ code: 0, seen: [] })
})

test("looking delivers nothing and mends nothing; `--fix` does", async () => {
  const server = await startTimelyServer()
  const pending = {
    handle: `tAg9.${"a".repeat(43)}`,
    server: server.origin,
    expiresAt: null,
    since: new Date(NOW - 1000).toISOString(),
  }
  const machine = await testMachine({ server: server.origin, config: { pending_revocations: [pending] } })
  await writeFile(`${machine.configPath}.tmp-999999999-0a1b2c3d`, "{")

  const looked = await machine.run(["auth", "doctor"])
  expect(looked.code).toBe(1)
  expect(await machine.config()).toMatchObject({ pending_revocations: [pending] })
  expect(server.seen.filter(({ path }) => path.includes("logout"))).toEqual([])

  const mended = await machine.run(["auth", "doctor", "--fix"])
  expect(mended.code).toBe(0)
  expect(reportOf(mended.json, "pending-sign-outs")).toMatchObject({ fixed: "1 ended on the server" })
  expect(reportOf(mended.json, "config-leftovers")).toMatchObject({ fixed: "1 half-written file removed" })
  expect(await machine.config()).not.toHaveProperty("pending_revocations")
})

test("a person sees a line a check, and the sum", async () => {
  const machine = await testMachine({ server: NOBODY, tty: true, columns: 100 })
  const { code, stdout } = await machine.run(["auth", "doctor"])
  expect(code).toBe(1)
  expect(stdout).toMatch(/^✓ config file {4,}there is none yet/)
  expect(stdout).toMatch(/\n✗ auth server {4,}http:/)
  expect(stdout).toMatch(/\n\n✗ 2 problems in 20 checks, \d worth a look\.\n$/)
})
