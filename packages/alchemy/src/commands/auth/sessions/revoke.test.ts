import { expect, test } from "vitest"
import { NOBODY, signedInConfig, type TestOptions, testMachine } from "../../../testing.ts"
import { newToken, sessionIdOf, startServer } from "../../../testing-server.ts"
import { command } from "./revoke.ts"

async function signedIn(options: TestOptions = {}) {
  const server = await startServer()
  const config = { ...signedInConfig(server.origin), app: "app_1", network: "eth-mainnet" }
  const other = newToken()
  server.sessions.add(config.auth_token).add(other)
  const machine = await testMachine({ server: server.origin, config, ...options })
  return { server, machine, other, token: config.auth_token }
}

test("a command line becomes options; what is no id is refused by name", () => {
  expect(command.parse(["ses_1"], { yes: true, dryRun: true })).toEqual({
    id: "ses_1",
    yes: true,
    dryRun: true,
  })
  expect(() => command.parse(["a/b"], {})).toThrow(expect.objectContaining({ code: "INVALID_ARGS" }))
})

test("another machine's session ends, and nothing changes here", async () => {
  const { server, machine, other, token } = await signedIn()
  const id = sessionIdOf(other)
  const before = await machine.config()
  const { code, json } = await machine.run(["auth", "sessions", "revoke", id])
  expect({ code, json }).toEqual({ code: 0, json: { id, ended: true, current: false, cleared: false } })
  expect([...server.sessions]).toEqual([token])
  expect(await machine.config()).toEqual(before)
})

test("eight characters of an id are enough, fewer are not; the text names the machine", async () => {
  const { server, machine, other } = await signedIn({ tty: true })
  const id = sessionIdOf(other)
  const short = await machine.run(["auth", "sessions", "revoke", id.slice(0, 7)])
  expect(short.code).toBe(4)
  expect(server.sessions.size).toBe(2)
  const { stdout } = await machine.run(["auth", "sessions", "revoke", id.slice(0, 8)])
  expect(stdout).toBe(`✓ Ended the session ${id} on laptop.\n`)
  expect(server.sessions.has(other)).toBe(false)
})

test("a beginning that two ids have is refused, and an id in full is not", async () => {
  const { server, machine } = await signedIn()
  const session = (id: string) => ({
    id,
    device: {},
    createdAt: "2026-11-20T09:30:00.000Z",
    lastUsedAt: "2026-11-20T09:30:00.000Z",
    expiresAt: "2027-02-20T09:30:00.000Z",
    current: false,
  })
  server.override("/v1/sessions", (_request, response) => {
    response.end(JSON.stringify({ data: { sessions: ["ses_aaaa1", "ses_aaaa", "ses_aaaa2"].map(session) } }))
  })
  server.override("/v1/sessions/ses_aaaa", (_request, response) => response.end('{"data":{"ended":1}}'))
  expect(await machine.run(["auth", "sessions", "revoke", "ses_aaaa"])).toMatchObject({ code: 0 })
  server.override("/v1/sessions", (_request, response) => {
    response.end(JSON.stringify({ data: { sessions: ["ses_aaaa1", "ses_aaaa2"].map(session) } }))
  })
  const both = await machine.run(["auth", "sessions", "revoke", "ses_aaaa"])
  expect(both).toMatchObject({ code: 2, error: { code: "INVALID_ARGS" } })
  expect(both.error.hint).toContain("alchemy auth sessions")
})

test.each([
  ["that is not there", false],
  ["that ends while we look", true],
])("a session %s is NOT_FOUND, with the command that lists them", async (_, isListed) => {
  const { server, machine, other } = await signedIn()
  const id = sessionIdOf(other)
  if (isListed) {
    server.override(`/v1/sessions/${id}`, (_request, response) =>
      response.writeHead(404).end('{"error":"not_found","message":"There is no such session."}'),
    )
  } else server.sessions.delete(other)
  const { code, error } = await machine.run(["auth", "sessions", "revoke", id])
  expect({ code, error: error.code }).toEqual({ code: 4, error: "NOT_FOUND" })
  expect(error.hint).toContain("`alchemy auth sessions` shows what there is.")
})

test("this machine's own session with --yes: ended, and cleared here as signing out does", async () => {
  const { server, machine, token } = await signedIn({ tty: true })
  const { code, stdout } = await machine.run(["auth", "sessions", "revoke", sessionIdOf(token), "--yes"])
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: "✓ This session has ended. You are signed out here.\n",
  })
  expect(server.sessions.has(token)).toBe(false)
  expect(await machine.config()).toEqual({ network: "eth-mainnet" })
})

test("this machine's own session is asked about first, and no means no", async () => {
  const { server, machine, token } = await signedIn({ tty: true })
  const argv = ["auth", "sessions", "revoke", sessionIdOf(token)]
  expect(await machine.run(argv)).toMatchObject({ code: 0, stdout: "Nothing was ended.\n" })
  expect(machine.asked).toEqual(["This is the session that is used here. End it?"])
  const nobody = await machine.run(argv, { tty: false })
  expect(nobody).toMatchObject({ code: 2, error: { code: "INVALID_ARGS" } })
  expect(nobody.error.hint).toContain(`alchemy auth sessions revoke ${sessionIdOf(token)} --yes`)
  expect(server.sessions.has(token)).toBe(true)
  expect(await machine.config()).toHaveProperty("auth_token", token)
  await machine.run(argv, { confirm: true })
  expect(server.sessions.has(token)).toBe(false)
  expect(await machine.config()).not.toHaveProperty("auth_token")
})

test("a server that does not end it: an error, and nothing is cleared here", async () => {
  const { server, machine, token } = await signedIn()
  server.override(`/v1/sessions/${sessionIdOf(token)}`, (_request, response) => response.writeHead(503).end())
  const { code } = await machine.run(["auth", "sessions", "revoke", sessionIdOf(token), "--yes"])
  expect(code).toBe(8)
  expect(await machine.config()).toHaveProperty("auth_token", token)
})

test("the session of ALCHEMY_AUTH_TOKEN: what is stored here is another's, and stays", async () => {
  const { server, machine, other, token } = await signedIn()
  const env = { ALCHEMY_AUTH_TOKEN: other }
  const argv = ["auth", "sessions", "revoke", sessionIdOf(other), "--yes"]
  const { json } = await machine.run(argv, { env })
  expect(json).toMatchObject({ ended: true, current: true, cleared: false })
  expect(json.warnings).toEqual([expect.stringContaining("ALCHEMY_AUTH_TOKEN")])
  expect([...server.sessions]).toEqual([token])
  expect(await machine.config()).toHaveProperty("auth_token", token)
})

test("an access key ends sessions too, of which none is its own", async () => {
  const { server, machine, token } = await signedIn()
  const key = newToken("ak")
  server.keySecrets.set(key, "key_1")
  const { code, json } = await machine.run(["auth", "sessions", "revoke", sessionIdOf(token)], {
    env: { ALCHEMY_ACCESS_KEY: key },
  })
  expect({ code, current: json.current }).toEqual({ code: 0, current: false })
  expect(server.sessions.has(token)).toBe(false)
})

test("--dry-run sends nothing and needs no sign-in", async () => {
  const machine = await testMachine({ server: NOBODY })
  const { code, json } = await machine.run(["auth", "sessions", "revoke", "ses_1", "--dry-run"])
  expect({ code, json }).toEqual({
    code: 0,
    json: { dryRun: true, method: "DELETE", url: `${NOBODY}/v1/sessions/ses_1` },
  })
})
