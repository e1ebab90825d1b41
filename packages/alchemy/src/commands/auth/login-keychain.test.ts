import { revocationHandleOf } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../../testing.ts"
import { newToken, startServer } from "../../testing-server.ts"

test("credential-store keychain is refused before anything is shown", async () => {
  const machine = await testMachine({ server: NOBODY, config: { "credential-store": "keychain" } })
  const { code, error } = await machine.run(["auth", "login", "--no-browser", "--port", "0"])
  expect({ code, error: error.code }).toEqual({ code: 1, error: "CREDENTIAL_STORE_ERROR" })
})

test("a sign-in that a keychain keeps and does not give out is replaced, and its session ended by its handle", async () => {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const { auth_token: _, ...rest } = signedInConfig(server.origin, token)
  const kept = { entry: "e-1", digest: "d", handle: revocationHandleOf(token) }
  const machine = await testMachine({
    server: server.origin,
    config: { ...rest, auth_token_keychain: kept },
  })
  const { code, stderr } = await machine.run(["auth", "login", "-y", "--port", "0"])
  expect(code).toBe(0)
  expect(stderr).toContain("will be replaced")
  expect(server.sessions.has(token)).toBe(false)
  expect(server.sessions.size).toBe(1)
})
