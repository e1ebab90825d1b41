import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../../testing.ts"
import { newToken } from "../../testing-server.ts"

test("raw on a pipe; JSON where it is asked for", async () => {
  const config = signedInConfig(NOBODY)
  const machine = await testMachine({ server: NOBODY, config })
  expect((await machine.run(["auth", "token"])).stdout).toBe(`${config.auth_token}\n`)
  expect((await machine.run(["auth", "token", "--json"])).json).toEqual({
    token: config.auth_token,
    origin: "config file",
    expiresAt: config.auth_token_expires_at,
  })
})

test("a terminal is refused without --reveal", async () => {
  const config = signedInConfig(NOBODY)
  const machine = await testMachine({ server: NOBODY, config, tty: true })
  const { code, stdout, stderr } = await machine.run(["auth", "token"])
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
  expect(stderr).toContain("alchemy auth token --reveal")
  expect((await machine.run(["auth", "token", "--reveal"])).stdout).toBe(`${config.auth_token}\n`)
})

test("the environment comes first", async () => {
  const token = newToken()
  const machine = await testMachine({
    server: NOBODY,
    config: signedInConfig(NOBODY),
    env: { ALCHEMY_AUTH_TOKEN: token },
  })
  expect((await machine.run(["auth", "token", "--json"])).json).toMatchObject({
    token,
    origin: "environment",
  })
})

test.each([
  ["nothing stored", {}],
  ["expired", signedInConfig(NOBODY, newToken(), -1)],
  ["of another server", signedInConfig("https://elsewhere.example")],
])("%s: AUTH_REQUIRED, exit 3, nothing printed", async (_, config) => {
  const machine = await testMachine({ server: NOBODY, config })
  const { code, stdout, error } = await machine.run(["auth", "token"])
  expect({ code, stdout, error: error.code }).toEqual({ code: 3, stdout: "", error: "AUTH_REQUIRED" })
})

test.each(["http://localhost:2", "http://[::1]:2", "http://127.0.0.1:2/path"])(
  "%s is the same server as 127.0.0.1",
  async (server) => {
    const machine = await testMachine({ server: NOBODY, config: signedInConfig(server) })
    expect((await machine.run(["auth", "token"])).code).toBe(0)
  },
)

test("a token with characters that no token has is refused, not written", async () => {
  const machine = await testMachine({ env: { ALCHEMY_AUTH_TOKEN: "\u001b]0;owned\u0007" } })
  const { code, stdout, error } = await machine.run(["auth", "token"])
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" })
  expect(error).toMatchObject({ code: "AUTH_REQUIRED" })
})
