import { expect, test } from "vitest"
import { signedInConfig, testMachine } from "../testing.ts"
import { newToken, startServer } from "../testing-server.ts"

async function signedIn() {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  return { server, config, machine: await testMachine({ server: server.origin, config }) }
}

test("the access key is used before the sign-in: flag, environment, configuration", async () => {
  const { server, config, machine } = await signedIn()
  const used = async (argv: string[], env = {}) => {
    await machine.run(["apps", "list", ...argv], { env })
    return server.seen.at(-1)?.authorization
  }
  expect(await used([])).toBe(`Bearer ${config.auth_token}`)
  expect(await used([], { ALCHEMY_AUTH_TOKEN: "from-environment" })).toBe("Bearer from-environment")
  await machine.run(["config", "set", "access-key", "from-config"])
  expect(await used([], { ALCHEMY_AUTH_TOKEN: "from-environment" })).toBe("Bearer from-config")
  expect(await used([], { ALCHEMY_ACCESS_KEY: "from-variable" })).toBe("Bearer from-variable")
  expect(await used(["--access-key", "from-flag"], { ALCHEMY_ACCESS_KEY: "no" })).toBe("Bearer from-flag")
})

test("a refused access key is INVALID_ACCESS_KEY, and is not shown", async () => {
  const { machine } = await signedIn()
  const key = "wrong-access-key-0123456789"
  const { code, error, stderr } = await machine.run(["apps", "list", "--access-key", key, "--debug"])
  expect({ code, error: error.code }).toEqual({ code: 3, error: "INVALID_ACCESS_KEY" })
  expect(stderr).not.toContain(key)
})

test("a stored token is not sent to another server than its own", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, config: signedInConfig("https://a.example") })
  const { code, error } = await machine.run(["apps", "list"])
  expect({ code, error: error.code }).toEqual({ code: 3, error: "AUTH_REQUIRED" })
  expect(error.message).toContain("https://a.example")
  expect(server.seen).toEqual([])
})

test("a 401 for a stored token: a sign-in and a retry on a terminal, AUTH_REQUIRED elsewhere", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, config: signedInConfig(server.origin) })
  expect(await machine.run(["apps", "list"])).toMatchObject({ code: 3, error: { code: "AUTH_REQUIRED" } })
  expect(machine.opened).toEqual([])
  const environment = { tty: true, env: { ALCHEMY_AUTH_TOKEN: newToken() } }
  const { code, stderr } = await machine.run(["apps", "list"], environment)
  expect(code).toBe(3)
  expect(stderr).toContain("ALCHEMY_AUTH_TOKEN")
  expect(machine.opened).toEqual([])
})

test("ten commands that meet a 401 at once open one browser", async () => {
  const server = await startServer()
  const machine = await testMachine({
    server: server.origin,
    config: signedInConfig(server.origin),
    tty: true,
  })
  const { PassThrough } = await import("node:stream")
  const results = await Promise.all(
    Array.from({ length: 10 }, () => {
      const stdin = Object.assign(new PassThrough(), { isTTY: true })
      stdin.write("\n")
      return machine.run(["apps", "list"], { context: { stdin }, columns: 100 })
    }),
  )
  expect(results.map(({ code }) => code)).toEqual(Array(10).fill(0))
  expect(machine.opened).toHaveLength(1)
  expect(server.sessions.size).toBe(1)
})
