import { mkdir, readdir, writeFile } from "node:fs/promises"
import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../../testing.ts"
import { newToken, startServer } from "../../testing-server.ts"
import { command } from "./logout.ts"

async function signedIn() {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const machine = await testMachine({
    server: server.origin,
    config: { ...signedInConfig(server.origin, token), app: "app_1", other: 1 },
  })
  return { server, token, machine }
}

test("the command line becomes options", () => {
  expect(command.parse([], {})).toEqual({ strict: false, all: false, others: false })
  expect(command.parse([], { strict: true })).toMatchObject({ strict: true })
  expect(command.parse([], { others: true })).toMatchObject({ others: true })
  expect(() => command.parse([], { all: true, others: true })).toThrow("do not go together")
})

test("a session that the server ends: revoked, and cleared here with the selected app", async () => {
  const { server, token, machine } = await signedIn()
  await writeFile(`${machine.configPath}.completions`, "{}")
  const { code, json } = await machine.run(["auth", "logout"])
  expect({ code, json }).toEqual({ code: 0, json: { server: "revoked", cleared: true } })
  expect(server.sessions.has(token)).toBe(false)
  expect(await machine.config()).toEqual({ other: 1 })
  expect(await readdir(machine.home)).toEqual(["config.json"])
})

test("in text, each outcome is what happened", async () => {
  const { server, machine } = await signedIn()
  expect((await machine.run(["auth", "logout"], { tty: true })).stdout).toBe(
    "✓ Signed out. The session has ended on the server.\n",
  )
  expect((await machine.run(["auth", "logout"], { tty: true })).stdout).toBe("Not signed in.\n")
  const ended = await testMachine({ server: server.origin, config: signedInConfig(server.origin) })
  expect((await ended.run(["auth", "logout"], { tty: true })).stdout).toBe(
    "✓ Signed out. The session had already ended.\n",
  )
  const unreached = await testMachine({ config: signedInConfig(NOBODY), server: NOBODY })
  const { stdout, code } = await unreached.run(["auth", "logout"], { tty: true, columns: 200 })
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /^✓ Signed out here\. The server could not be reached \(connection refused\); the session will be ended as soon as it can be, or at http:\/\/127\.0\.0\.1:2\/sessions\.\n$/,
  )
})

test("nothing stored: none, and nothing cleared", async () => {
  const machine = await testMachine({ server: NOBODY })
  const { code, json } = await machine.run(["auth", "logout", "--strict"])
  expect({ code, json }).toEqual({ code: 0, json: { server: "none", cleared: false } })
})

test.each([
  ["refuses the connection", "stop"],
  ["answers 500", "500"],
  ["answers with a redirect", "302"],
  ["takes the connection and never answers", "hang"],
  ["stalls in the body", "stall"],
] as const)("a server that %s: pending, cleared all the same, within 3 s", async (_, how) => {
  const { server, token, machine } = await signedIn()
  if (how === "stop") await server.stop()
  server.override("/api/cli/logout", (_request, response) => {
    if (how === "500") response.writeHead(500).end()
    if (how === "302") response.writeHead(302, { location: `${server.origin}/elsewhere` }).end()
    if (how === "stall") response.writeHead(200, { "content-length": "100" }).write("{")
  })
  const began = performance.now()
  const { code, json } = await machine.run(["auth", "logout"])
  expect(performance.now() - began).toBeLessThan(3000)
  expect(code).toBe(0)
  expect(json).toEqual({ server: "pending", reason: expect.any(String), cleared: true })
  const config = await machine.config()
  expect(config).not.toHaveProperty("auth_token")
  expect(config.pending_revocations).toEqual([expect.objectContaining({ server: server.origin })])
  expect(JSON.stringify(config)).not.toContain(token)
  expect(server.seen.some(({ path }) => path === "/elsewhere")).toBe(false)
})

test("--strict exits 6 where the sign-out is pending", async () => {
  const machine = await testMachine({ server: NOBODY, config: signedInConfig(NOBODY) })
  expect((await machine.run(["auth", "logout", "--strict"])).code).toBe(6)
})

test("a token in the environment is named and left alone", async () => {
  const { server, machine } = await signedIn()
  const env = { ALCHEMY_AUTH_TOKEN: newToken() }
  const { json, code } = await machine.run(["auth", "logout"], { env })
  expect(code).toBe(0)
  expect(json.warnings).toEqual([expect.stringContaining("ALCHEMY_AUTH_TOKEN")])
  const asked = server.seen.filter(({ path }) => path === "/api/cli/logout")
  expect(asked).toHaveLength(1)
  expect(asked[0]?.authorization).not.toContain(env.ALCHEMY_AUTH_TOKEN)
})

test("a sign-out at a server that was stopped is completed by a later command", async () => {
  const { server, token, machine } = await signedIn()
  server.override("/api/cli/logout", (_request, response) => response.writeHead(503).end())
  await machine.run(["auth", "logout"])
  expect(server.sessions.has(token)).toBe(true)
  const offline = await machine.run(["auth", "status", "--offline"], { tty: true })
  expect(offline.stdout).toContain("sign-out at")

  const { seen } = server
  server.override("/api/cli/logout", (_request, response, body) => {
    expect(JSON.parse(body).revocation_handle).toMatch(/^tAg9\./)
    response.writeHead(200).end('{"revoked":true}')
  })
  const before = seen.length
  const { stderr } = await machine.run(["auth", "status"], { tty: true })
  expect(seen.slice(before).map(({ authorization }) => authorization)).toEqual([undefined])
  expect(stderr).toBe("✓ An earlier sign-out has now reached the server.\n")
  expect(await machine.config()).not.toHaveProperty("pending_revocations")
})

test("a server that never answers does not hold up the commands after a pending sign-out", async () => {
  const { server, machine } = await signedIn()
  server.override("/api/cli/logout", () => {})
  await machine.run(["auth", "logout", "--timeout", "50"])
  const began = performance.now()
  expect((await machine.run(["config", "path"])).code).toBe(0)
  expect(performance.now() - began).toBeLessThan(1000)
  expect(await machine.config()).toHaveProperty("pending_revocations")
})

test("a token that cannot be erased is told as such, with how to see what became of its session", async () => {
  const { machine, server } = await signedIn()
  await mkdir(`${machine.configPath}.lock`)
  const { code, error } = await machine.run(["auth", "logout"])
  expect({ code, error: error.code }).toEqual({ code: 1, error: "CREDENTIAL_STORE_ERROR" })
  expect(error.message).toMatch(/^The token could not be erased here: /)
  expect(error.hint).toContain("alchemy auth status")
  expect(server.sessions.size).toBe(0)
})

test("--all ends every session of the account, this one too, and clears it here", async () => {
  const { server, machine } = await signedIn()
  server.override("/v1/sessions", (request, response) => {
    expect(request.method).toBe("DELETE")
    server.sessions.clear()
    response.writeHead(200, { "content-type": "application/json" }).end('{"data":{"ended":3}}')
  })
  const { code, json } = await machine.run(["auth", "logout", "--all"])
  expect({ code, json }).toEqual({ code: 0, json: { server: "revoked", cleared: true, sessionsEnded: 3 } })
  expect(await machine.config()).toEqual({ other: 1 })
})

test("--all where the others cannot be ended: signed out here, said, and the exit code of what went wrong", async () => {
  const { server, token, machine } = await signedIn()
  server.override("/v1/sessions", (_request, response) => response.writeHead(500).end("{}"))
  const { code, json } = await machine.run(["auth", "logout", "--all"])
  expect({ code, json }).toEqual({
    code: 8,
    json: {
      server: "revoked",
      cleared: true,
      warnings: [expect.stringMatching(/^The account's other sessions were not ended: .*\/sessions\.$/)],
    },
  })
  expect(server.sessions.has(token)).toBe(false)
})

test("--others ends the others and leaves this one, here and there", async () => {
  const { server, token, machine } = await signedIn()
  server.override("/v1/sessions", (request, response) => {
    expect(request.url).toBe("/v1/sessions?others=true")
    response.writeHead(200, { "content-type": "application/json" }).end('{"data":{"ended":2}}')
  })
  const before = await machine.config()
  const { code, stdout } = await machine.run(["auth", "logout", "--others"], { tty: true, columns: 100 })
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: "✓ 2 other sessions have ended on the server. You are still signed in here.\n",
  })
  expect(await machine.config()).toEqual(before)
  expect(server.sessions.has(token)).toBe(true)
  const nobody = await testMachine({ server: server.origin })
  expect((await nobody.run(["auth", "logout", "--others"])).code).toBe(3)
})

test("Ctrl-C while the server is waited for: signed out here all the same, and pending", async () => {
  const { server, machine } = await signedIn()
  const interruption = new AbortController()
  server.override("/api/cli/logout", () => interruption.abort())
  const context = { signal: interruption.signal }
  const { code, json } = await machine.run(["auth", "logout"], { context })
  expect({ code, json }).toEqual({ code: 0, json: { server: "pending", reason: "cancelled", cleared: true } })
  expect(await machine.config()).toEqual({
    other: 1,
    pending_revocations: [expect.objectContaining({ server: server.origin })],
  })
})

test("--all sends the token to no other server than its own", async () => {
  const { server, token, machine } = await signedIn()
  const elsewhere = await startServer()
  const argv = ["auth", "logout", "--all", "--auth-url", elsewhere.origin]
  const { code, json } = await machine.run(argv)
  expect({ code, json }).toMatchObject({ code: 2, json: { server: "revoked", cleared: true } })
  expect(json.warnings[0]).toContain(`See ${server.origin}/sessions.`)
  expect(elsewhere.seen).toEqual([])
  expect(server.sessions.has(token)).toBe(false)
})

test.each([
  ["has ended already", 89],
  ["has expired", -1],
])("--all with a session that %s: exit 0, as without", async (_, days) => {
  const server = await startServer()
  const config = signedInConfig(server.origin, newToken(), days)
  const machine = await testMachine({ server: server.origin, config })
  const { code, json } = await machine.run(["auth", "logout", "--all"])
  expect({ code, json }).toMatchObject({ code: 0, json: { server: "already_ended", cleared: true } })
})

test("--all with a server that never answers is done in under 3 s", async () => {
  const { server, machine } = await signedIn()
  server.override("*", () => {})
  const start = performance.now()
  const { json } = await machine.run(["auth", "logout", "--all"])
  expect(performance.now() - start).toBeLessThan(3000)
  expect(json).toMatchObject({ server: "pending", cleared: true })
})
