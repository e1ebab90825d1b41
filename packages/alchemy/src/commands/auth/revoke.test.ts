import { PassThrough } from "node:stream"
import { revocationHandleOf } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { NOBODY, signedInConfig, type TestOptions, testMachine } from "../../testing.ts"
import { newToken, startServer } from "../../testing-server.ts"

const MASKED = /^alchemy_at_tAg9…\w{4}$/

/** A machine on which `alchemy auth revoke` is run with something on stdin. */
async function leaking(server: string, options: TestOptions = {}) {
  const machine = await testMachine({ server, ...options })
  const revoke = (text: string, more: TestOptions = {}) => {
    const stdin = new PassThrough()
    stdin.end(text)
    return machine.run(["auth", "revoke"], { ...more, context: { stdin } })
  }
  return { machine, revoke }
}

test("a token of anybody's ends, without being signed in", async () => {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const { revoke, machine } = await leaking(server.origin)
  const { code, json, stdout, stderr } = await revoke(`${token}\n`)
  expect({ code, json }).toEqual({
    code: 0,
    json: { tokens: [{ token: expect.stringMatching(MASKED), server: "revoked", cleared: false }] },
  })
  expect(server.sessions.size).toBe(0)
  expect(server.seen).toEqual([
    { method: "POST", path: "/api/cli/logout", authorization: `Bearer ${token}`, body: "" },
  ])
  expect(stdout + stderr).not.toContain(token)
  expect(machine.detached).toEqual([])
})

test("in text, each outcome is what happened, and no token is shown, not with --reveal either", async () => {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const { revoke } = await leaking(server.origin, { tty: true, columns: 300 })
  expect((await revoke(token)).stdout).toMatch(/^✓ alchemy_at_tAg9…\w{4} has ended on the server\.\n$/)
  expect((await revoke(token)).stdout).toMatch(
    /^✓ alchemy_at_tAg9…\w{4} is unknown to the server, has expired or had already ended\.\n$/,
  )
})

test("a server that cannot be reached: the handle is kept and tried again, never the token", async () => {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const { revoke, machine } = await leaking(server.origin)
  server.override("/api/cli/logout", (_request, response) => response.writeHead(503).end())
  const { code, json } = await revoke(token)
  expect(code).toBe(0)
  expect(json.tokens).toEqual([
    {
      token: expect.stringMatching(MASKED),
      server: "pending",
      reason: "the server answered 503",
      cleared: false,
    },
  ])
  expect(machine.detached).toEqual(["auth deliver"])
  const config = await machine.config()
  expect(config.pending_revocations).toEqual([
    expect.objectContaining({ handle: revocationHandleOf(token), server: server.origin }),
  ])
  expect(JSON.stringify(config)).not.toContain(token)
  const text = (await revoke(token, { tty: true, columns: 300 })).stdout
  expect(text).toMatch(/could not be ended yet \(the server answered 503\); it will be as soon as http/)
})

test("once the server confirms, nothing is pending any more", async () => {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const unreached = { fetch: (() => Promise.reject(new Error("no network"))) as typeof fetch }
  const { machine, revoke } = await leaking(server.origin)
  const stdin = new PassThrough()
  stdin.end(token)
  await machine.run(["auth", "revoke"], { context: { stdin, ...unreached } })
  expect(await machine.config()).toHaveProperty("pending_revocations")
  await revoke(token)
  expect(server.sessions.size).toBe(0)
  expect(await machine.config()).not.toHaveProperty("pending_revocations")
})

test.each([
  ["a token of another form", "some-other-token-0123456789"],
  ["a refresh token, whose digest is no session's", newToken("rt")],
])("%s that does not reach the server: NETWORK_ERROR, and nothing is kept", async (_, token) => {
  const { revoke, machine } = await leaking(NOBODY)
  const { code, error, stderr } = await revoke(token)
  expect({ code, error: error.code }).toEqual({ code: 6, error: "NETWORK_ERROR" })
  expect(stderr).not.toContain(token)
  expect(machine.detached).toEqual([])
  await expect(machine.config()).rejects.toThrow("ENOENT")
})

test("an access key is not sent; what ends it is said", async () => {
  const server = await startServer()
  const key = newToken("ak")
  const { revoke } = await leaking(server.origin)
  const { code, error, stderr } = await revoke(key)
  expect({ code, error: error.code }).toEqual({ code: 2, error: "INVALID_ARGS" })
  expect(error.hint).toContain("alchemy access-keys delete")
  expect(stderr).not.toContain(key)
  expect(server.seen).toEqual([])
})

test("several tokens, one a line: a result each, in their order, each sent once", async () => {
  const server = await startServer()
  const [good, gone, key] = [newToken(), newToken(), newToken("ak")]
  server.sessions.add(good)
  const { revoke } = await leaking(server.origin)
  const { code, json } = await revoke(`\n${gone}\r\n  ${good}\n${key}\n${good}\n`)
  expect(json.tokens.map((one: { server: string }) => one.server)).toEqual([
    "already_ended",
    "revoked",
    "access_key",
  ])
  expect(code).toBe(2)
  expect(server.seen).toHaveLength(2)
})

test("a hundred tokens are ended, at most four at a time, and one more is refused before anything is sent", async () => {
  const server = await startServer()
  const tokens = Array.from({ length: 100 }, () => newToken())
  for (const token of tokens) server.sessions.add(token)
  const { machine, revoke } = await leaking(server.origin)
  let now = 0
  let most = 0
  const counting: typeof fetch = async (...request) => {
    most = Math.max(most, ++now)
    return fetch(...request).finally(() => now--)
  }
  const tooMany = await revoke([...tokens, newToken()].join("\n"))
  expect(tooMany).toMatchObject({ code: 2, error: { code: "INVALID_ARGS" } })
  expect(server.seen).toEqual([])
  const stdin = new PassThrough()
  stdin.end(tokens.join("\n"))
  const { code, json } = await machine.run(["auth", "revoke"], { context: { stdin, fetch: counting } })
  expect(code).toBe(0)
  expect(json.tokens).toHaveLength(100)
  expect(server.sessions.size).toBe(0)
  expect(most).toBe(4)
})

test.each([
  ["nothing", "\n \n", "There is no token on stdin."],
  ["blanks within a line", `${newToken()}\nnot a token`, "Line 2 on stdin is no token; nothing was sent."],
  ["a control character", `alchemy_at_\u0000${"x".repeat(40)}`, "Line 1"],
  ["too much", "x".repeat(200_000), "too long"],
])("%s on stdin is refused and not repeated", async (_, text, message) => {
  const server = await startServer()
  const { revoke } = await leaking(server.origin)
  const { code, error, stderr } = await revoke(text)
  expect({ code, error: error.code }).toEqual({ code: 2, error: "INVALID_ARGS" })
  expect(error.message).toContain(message)
  expect(stderr).not.toContain("not a token")
  expect(server.seen).toEqual([])
})

test("a terminal on stdin is refused: a secret would be seen there", async () => {
  const machine = await testMachine({ server: NOBODY })
  expect(await machine.run(["auth", "revoke"], { tty: true })).toMatchObject({ code: 2 })
})

test("a token that is stored here is ended at its own server, and erased", async () => {
  const [server, other] = [await startServer(), await startServer()]
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  const { machine, revoke } = await leaking(other.origin, {
    config: { ...config, app: "app_1", network: "n" },
  })
  const { json } = await revoke(config.auth_token)
  expect(json.tokens).toMatchObject([{ server: "revoked", cleared: true }])
  expect(server.sessions.size).toBe(0)
  expect(other.seen).toEqual([])
  expect(await machine.config()).toEqual({ network: "n" })
})

test("a token that is stored here and was not ended stays, where nothing could be kept for a later try", async () => {
  const config = signedInConfig(NOBODY, "some-other-token-0123456789")
  const { machine, revoke } = await leaking(NOBODY, { config })
  expect((await revoke(config.auth_token)).code).toBe(6)
  expect(await machine.config()).toEqual(config)
})

test("one that another profile holds is erased there, and the others stay", async () => {
  const server = await startServer()
  const [own, works] = [signedInConfig(server.origin), signedInConfig(server.origin)]
  server.sessions.add(works.auth_token)
  const { machine, revoke } = await leaking(server.origin, { config: { ...own, profiles: { work: works } } })
  const { stdout } = await revoke(works.auth_token, { tty: true, columns: 200 })
  expect(stdout).toContain("It was stored here and has been erased.")
  const stored = await machine.config()
  expect(stored).toMatchObject({ auth_token: own.auth_token })
  expect(stored.profiles).toEqual({ work: {} })
})

test("the token in the environment is named and left alone", async () => {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const { revoke } = await leaking(server.origin, { env: { ALCHEMY_AUTH_TOKEN: token } })
  const { json } = await revoke(token)
  expect(json.warnings).toEqual([expect.stringContaining("ALCHEMY_AUTH_TOKEN")])
})

test("at 40 columns no line is longer, but for single words", async () => {
  const { revoke } = await leaking(NOBODY, { tty: true, columns: 40 })
  const { stdout } = await revoke(newToken())
  expect(stdout.split("\n").filter((line) => line.length > 40 && line.trim().includes(" "))).toEqual([])
})
