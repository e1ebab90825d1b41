import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../../testing.ts"
import { newToken } from "../../testing-server.ts"

test("nothing set up: says the next command", async () => {
  const machine = await testMachine()
  const { code, json } = await machine.run(["setup", "status"])
  expect(code).toBe(0)
  expect(json).toEqual({
    ready: false,
    signIn: { state: "none", origin: null, server: "https://auth.alchemy.com" },
    accessKey: { set: false, origin: null },
    app: null,
    network: null,
    authUrl: "https://auth.alchemy.com",
    adminUrl: "https://admin-api.alchemy.com",
    configPath: machine.configPath,
    next: "alchemy auth login",
  })
  const { stdout } = await machine.run(["setup", "status"], { tty: true })
  expect(stdout).toContain("✗ Not set up yet.")
  expect(stdout).toContain("Next: alchemy auth login")
})

test.each([
  [signedInConfig(NOBODY), {}, true, "unverified"],
  [signedInConfig(NOBODY, newToken(), -1), {}, false, "expired"],
  [signedInConfig("https://elsewhere.example"), {}, false, "none"],
  [{}, { ALCHEMY_AUTH_TOKEN: "t" }, true, "unverified"],
  [{ "access-key": "k" }, {}, true, "none"],
])("%j with %j", async (config, env, ready, state) => {
  const machine = await testMachine({ server: NOBODY, config, env })
  const { json } = await machine.run(["setup", "status"])
  expect(json).toMatchObject({ ready, signIn: { state }, adminUrl: NOBODY })
  expect((await machine.run(["setup", "status"], { tty: true })).stdout).toContain(ready ? "✓ Ready." : "✗")
})
