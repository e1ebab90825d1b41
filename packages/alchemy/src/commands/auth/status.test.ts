import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../../testing.ts"
import { ACCOUNT, newToken, startServer } from "../../testing-server.ts"
import { command } from "./status.ts"

test("the command line becomes options", () => {
  expect(command.parse([], {})).toEqual({ offline: false })
  expect(command.parse([], { offline: true })).toEqual({ offline: true })
})

test("active: account, machine, masked token, where kept, until when", async () => {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  const machine = await testMachine({ server: server.origin, config })
  const { code, json } = await machine.run(["auth", "status"])
  expect(code).toBe(0)
  expect(json).toEqual({
    state: "active",
    account: ACCOUNT,
    machine: "laptop",
    token: `${config.auth_token.slice(0, 15)}…${config.auth_token.slice(-4)}`,
    origin: "config file",
    storedIn: machine.configPath,
    expiresAt: "2027-02-22T12:00:00.000Z",
    server: server.origin,
    serverSays: "accepted",
    profile: "default",
    profileOrigin: "default",
    pendingRevocations: [],
    unfinishedSignIns: [],
    profiles: [],
    warnings: [],
  })
  expect((await machine.run(["auth", "status", "--reveal"])).json.token).toBe(config.auth_token)
  const { stdout } = await machine.run(["auth", "status"], { tty: true })
  expect(stdout).toContain("✓ Signed in as ada@example.com.")
  expect(stdout).toContain("2027-02-22 12:00 UTC (in 90 days)")
  expect(stdout).not.toContain(config.auth_token)
})

test.each([
  ["refuses the token", "revoked", 3, 401],
  ["fails", "unverified", 0, 500],
  ["redirects", "unverified", 0, 302],
])("a server that %s: %s, exit %i", async (_, state, exitCode, status) => {
  const server = await startServer()
  server.override("/v1/me", (_request, response) =>
    response.writeHead(status, { location: `${server.origin}/elsewhere` }).end("{}"),
  )
  const machine = await testMachine({ server: server.origin, config: signedInConfig(server.origin) })
  const { code, json } = await machine.run(["auth", "status"])
  expect({ code, state: json.state }).toEqual({ code: exitCode, state })
  expect(server.seen.map(({ path }) => path)).toEqual(["/v1/me"])
})

test("S57 a server that never answers: unverified within the time limit", async () => {
  const server = await startServer()
  server.override("/v1/me", () => {})
  const machine = await testMachine({ server: server.origin, config: signedInConfig(server.origin) })
  const { code, json } = await machine.run(["auth", "status", "--timeout", "50"])
  expect({ code, state: json.state }).toEqual({ code: 0, state: "unverified" })
  expect(json.serverSays).toContain("no answer within 0.05 s")
})

test("expired and none: exit 3, nobody is asked", async () => {
  const expired = await testMachine({ server: NOBODY, config: signedInConfig(NOBODY, newToken(), -1) })
  expect(await expired.run(["auth", "status"])).toMatchObject({ code: 3, json: { state: "expired" } })
  expect(await expired.run(["auth", "status", "--offline"])).toMatchObject({
    code: 3,
    json: { state: "expired" },
  })
  const none = await testMachine({ server: NOBODY })
  expect(await none.run(["auth", "status"])).toMatchObject({ code: 3, json: { state: "none", token: null } })
  expect((await none.run(["auth", "status"], { tty: true })).stdout).toContain("Next: alchemy auth login")
})

test("--offline asks nobody, not even for an earlier sign-out", async () => {
  const server = await startServer()
  const pending = {
    handle: `tAg9.${"a".repeat(43)}`,
    server: server.origin,
    expiresAt: null,
    since: "2026-11-24T11:00:00.000Z",
  }
  const config = { ...signedInConfig(server.origin), pending_revocations: [pending] }
  const machine = await testMachine({ server: server.origin, config })
  const { code, json } = await machine.run(["auth", "status", "--offline"])
  expect({ code, state: json.state, pending: json.pendingRevocations }).toEqual({
    code: 0,
    state: "unverified",
    pending: [{ server: server.origin, since: pending.since }],
  })
  expect(server.seen).toEqual([])
})

test("warns seven days before the end, and not earlier", async () => {
  const soon = await testMachine({ server: NOBODY, config: signedInConfig(NOBODY, newToken(), 6.9) })
  expect((await soon.run(["auth", "status", "--offline"])).json.warnings).toEqual([
    expect.stringContaining("ends in 6 days"),
  ])
  const later = await testMachine({ server: NOBODY, config: signedInConfig(NOBODY, newToken(), 7.1) })
  expect((await later.run(["auth", "status", "--offline"])).json.warnings).toEqual([])
})

test("a token in the environment wins and its origin is said", async () => {
  const token = newToken()
  const machine = await testMachine({
    server: NOBODY,
    config: signedInConfig(NOBODY),
    env: { ALCHEMY_AUTH_TOKEN: token },
  })
  const { json } = await machine.run(["auth", "status", "--offline"])
  expect(json).toMatchObject({ state: "unverified", origin: "environment", storedIn: null })
  expect(json.token).toBe(`${token.slice(0, 15)}…${token.slice(-4)}`)
  expect(json.warnings).toEqual([expect.stringContaining("ALCHEMY_AUTH_TOKEN")])
})

test("a sign-in at another server is none here, and both servers are named", async () => {
  const machine = await testMachine({
    server: NOBODY,
    config: signedInConfig("https://auth.elsewhere.example"),
  })
  const { code, json } = await machine.run(["auth", "status"])
  expect({ code, state: json.state }).toEqual({ code: 3, state: "none" })
  expect(json.warnings[0]).toContain("https://auth.elsewhere.example")
  expect(json.warnings[0]).toContain(NOBODY)
})

test("a token that an older client stored without server and expiry is good", async () => {
  const machine = await testMachine({ server: NOBODY, config: { auth_token: newToken() } })
  const { code, json } = await machine.run(["auth", "status", "--offline"])
  expect({ code, state: json.state, expiresAt: json.expiresAt }).toEqual({
    code: 0,
    state: "unverified",
    expiresAt: null,
  })
})

test("S57 control characters in a file or from a server never reach the terminal", async () => {
  const server = await startServer()
  const config = { ...signedInConfig(server.origin), auth_token_expires_at: "\u001b[2J\u009b31msoon" }
  server.override("/v1/me", (_request, response) =>
    response.writeHead(403).end(JSON.stringify({ error: "x", message: "\u001b]0;owned\u0007no" })),
  )
  const machine = await testMachine({ server: server.origin, config })
  for (const options of [{ tty: true }, {}]) {
    const { stdout, stderr } = await machine.run(["auth", "status"], options)
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  }
})

test("usable at 40 columns", async () => {
  const machine = await testMachine({ server: NOBODY, config: signedInConfig(NOBODY) })
  const { stdout } = await machine.run(["auth", "status", "--offline"], { tty: true, columns: 40 })
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(50)
})
