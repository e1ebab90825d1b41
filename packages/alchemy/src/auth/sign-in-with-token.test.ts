import { PassThrough } from "node:stream"
import { digestOf } from "@authchemy/cli-sign-in/credentials"
import { revocationHandleOf } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../testing.ts"
import { ACCOUNT, newToken, startServer } from "../testing-server.ts"

function stdinOf(text: string) {
  const stdin = new PassThrough()
  stdin.end(text)
  return { context: { stdin } }
}

test("a token on stdin is stored once the server has said whose it is, until when", async () => {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const machine = await testMachine({ server: server.origin })
  const { code, json, stdout } = await machine.run(["auth", "login", "--with-token"], stdinOf(`${token}\n`))
  expect({ code, json }).toMatchObject({ code: 0, json: { status: "signed_in", account: ACCOUNT } })
  expect(stdout).not.toContain(token)
  expect(await machine.config()).toMatchObject({ auth_token: token, auth_token_server: server.origin })
})

test("the session that it replaces is ended", async () => {
  const server = await startServer()
  const [old, token] = [newToken(), newToken()]
  for (const session of [old, token]) server.sessions.add(session)
  const machine = await testMachine({ server: server.origin, config: signedInConfig(server.origin, old) })
  await machine.run(["auth", "login", "--with-token"], stdinOf(token))
  expect([...server.sessions]).toEqual([token])
  expect(await machine.config()).not.toHaveProperty("pending_revocations")
})

test.each([
  ["is empty", " \n", 2, "INVALID_ARGS"],
  ["has blanks", "a token\n", 2, "INVALID_ARGS"],
  ["is too long", "x".repeat(5000), 2, "INVALID_ARGS"],
  ["is refused", newToken(), 3, "AUTH_REQUIRED"],
])("a token that %s is not stored", async (_, text, exitCode, errorCode) => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin })
  const { code, error } = await machine.run(["auth", "login", "--with-token"], stdinOf(text))
  expect({ code, error: error.code }).toEqual({ code: exitCode, error: errorCode })
  await expect(machine.config()).rejects.toThrow()
})

test("a server that is not there, and a terminal on stdin", async () => {
  const machine = await testMachine({ server: NOBODY })
  const unreached = await machine.run(["auth", "login", "--with-token"], stdinOf(newToken()))
  expect({ code: unreached.code, error: unreached.error.code }).toEqual({ code: 6, error: "NETWORK_ERROR" })
  const typed = await machine.run(["auth", "login", "--with-token"], { tty: true })
  expect({ code: typed.code, shown: typed.stderr }).toMatchObject({
    code: 2,
    shown: expect.stringContaining("terminal"),
  })
})

test("the token that is stored already, in a keychain that cannot be read, is not ended by storing it again", async () => {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const { auth_token: _, ...rest } = signedInConfig(server.origin, token)
  const [digest, handle] = [digestOf(token), revocationHandleOf(token)]
  const machine = await testMachine({
    server: server.origin,
    config: { ...rest, auth_token_keychain: { entry: "e-1", digest, handle } },
  })
  expect((await machine.run(["auth", "login", "--with-token"], stdinOf(token))).code).toBe(0)
  expect(server.sessions.has(token)).toBe(true)
  expect(await machine.config()).toMatchObject({ auth_token: token, keychain_leftovers: [{ entry: "e-1" }] })
})
