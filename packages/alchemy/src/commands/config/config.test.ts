import { readdir, stat } from "node:fs/promises"
import { PassThrough } from "node:stream"
import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../../testing.ts"
import { command as get } from "./get.ts"
import { command as reset } from "./reset.ts"
import { command as set } from "./set.ts"

test("command lines become options", () => {
  expect(set.parse(["app", "x"], {})).toEqual({ name: "app", value: "x" })
  expect(get.parse(["app"], {})).toEqual({ name: "app" })
  expect(reset.parse([], { yes: true })).toEqual({ name: undefined, yes: true })
  expect(() => get.parse(["nonsense"], {})).toThrow(expect.objectContaining({ code: "INVALID_ARGS" }))
})

test("set, get and list; the file is 0600", async () => {
  const machine = await testMachine()
  const { code, json } = await machine.run(["config", "set", "auth-url", "http://localhost:4000/"])
  expect({ code, json }).toEqual({ code: 0, json: { key: "auth-url", value: "http://localhost:4000" } })
  expect((await stat(machine.configPath)).mode & 0o777).toBe(0o600)
  expect((await machine.run(["config", "get", "auth-url"])).json.value).toBe("http://localhost:4000")
  expect((await machine.run(["config", "get", "auth-url"], { tty: true })).stdout).toBe(
    "http://localhost:4000\n",
  )
  await machine.run(["config", "set", "verbose", "true"])
  expect(await machine.config()).toEqual({ "auth-url": "http://localhost:4000", verbose: true })
  expect((await machine.run(["config", "list"])).json).toEqual({
    path: machine.configPath,
    profile: "default",
    values: { "auth-url": "http://localhost:4000", verbose: true },
  })
  expect((await machine.run(["config", "list"], { tty: true })).stdout).toMatch(
    /auth-url +http:\/\/localhost:4000/,
  )
  expect((await machine.run(["config", "set", "verbose", "false", "-q"], { tty: true })).stdout).toBe("")
})

test.each([
  ["auth-url", "ftp://x"],
  ["auth-url", "http://remote.example"],
  ["auth-url", "https://user:pw@x.example"],
  ["admin-url", "https://x.example/?q"],
  ["credential-store", "kernel"],
  ["profile", "../x"],
  ["credential-store", "constructor"],
  ["verbose", "yes"],
  ["app", "a b"],
  ["access-key", ""],
  ["auth_token", "x"],
  ["auth_token_expires_at", "x"],
  ["nonsense", "x"],
])("set %s %j is refused, and nothing is written", async (key, value) => {
  const machine = await testMachine()
  const { code, error, stderr } = await machine.run(["config", "set", key, value])
  expect({ code, error: error.code }).toEqual({ code: 2, error: "INVALID_ARGS" })
  expect(stderr).not.toContain(":pw@")
  expect(await readdir(machine.home)).toEqual([])
})

test("auth_token cannot be set by hand, and the hint says what to do", async () => {
  const machine = await testMachine()
  const { error } = await machine.run(["config", "set", "auth_token", "x"])
  expect(error.hint).toContain("alchemy auth login")
})

test("secrets are masked unless --reveal", async () => {
  const machine = await testMachine({
    config: { ...signedInConfig(NOBODY), "access-key": "key-0123456789-0123456789" },
  })
  for (const argv of [
    ["config", "list"],
    ["config", "get", "access-key"],
    ["config", "get", "auth_token"],
  ]) {
    for (const tty of [true, false]) {
      const { stdout } = await machine.run(argv, { tty, columns: 200 })
      expect(stdout).not.toContain("key-0123456789-0123456789")
      expect(stdout).not.toMatch(/alchemy_at_\w{20}/)
      expect(stdout).toContain("…")
    }
  }
  expect((await machine.run(["config", "get", "access-key", "--reveal"])).json.value).toBe(
    "key-0123456789-0123456789",
  )
})

test("a secret comes from stdin, or is asked for, so that it is in no argument", async () => {
  const machine = await testMachine()
  const stdin = new PassThrough()
  stdin.end("from-stdin-0123456789\n")
  const { stdout } = await machine.run(["config", "set", "access-key", "-"], { context: { stdin } })
  expect(stdout).not.toContain("from-stdin")
  expect((await machine.config())["access-key"]).toBe("from-stdin-0123456789")
  await machine.run(["config", "set", "access-key"], { tty: true })
  expect((await machine.config())["access-key"]).toBe("typed-access-key-0123456789")
  expect(await machine.run(["config", "set", "access-key"])).toMatchObject({ code: 2 })
  expect(await machine.run(["config", "set", "app"], { tty: true })).toMatchObject({ code: 2 })
})

test("get of what is not set: NOT_FOUND, exit 4", async () => {
  const machine = await testMachine()
  expect(await machine.run(["config", "get", "app"])).toMatchObject({ code: 4, error: { code: "NOT_FOUND" } })
})

test("reset of one key; of all: asks, keeps the sign-in and what is pending", async () => {
  const pending = [
    { handle: "h", server: NOBODY, since: "2026-11-24T12:00:00.000Z", expiresAt: "2026-11-01T00:00:00.000Z" },
  ]
  const kept = { ...signedInConfig(NOBODY), unknown: 1 }
  const machine = await testMachine({ config: { ...kept, app: "a", network: "n", verbose: true } })
  expect((await machine.run(["config", "reset", "app"])).json).toMatchObject({ reset: ["app"] })
  expect(await machine.run(["config", "reset"])).toMatchObject({ code: 2 })
  expect((await machine.run(["config", "reset"], { tty: true })).stdout).toBe("Nothing was reset.\n")
  const { stdout } = await machine.run(["config", "reset"], { tty: true, confirm: true })
  expect(stdout).toContain("✓ Reset network, verbose.\n")
  expect(stdout).toContain("The sign-in was kept")
  expect(await machine.config()).toEqual(kept)

  const waiting = await testMachine({
    config: { app: "a", pending_revocations: pending },
    context: { now: () => 0 },
  })
  await waiting.run(["config", "reset", "--yes"])
  expect(await waiting.config()).toEqual({ pending_revocations: pending })
})

test("reset auth_token by name forgets the token and says that the session goes on", async () => {
  const machine = await testMachine({ config: signedInConfig(NOBODY) })
  const { stderr, code } = await machine.run(["config", "reset", "auth_token"])
  expect(code).toBe(0)
  expect(stderr).toContain("session goes on")
  expect(await machine.config()).toEqual({})
})

test("path: ALCHEMY_CONFIG, XDG_CONFIG_HOME where absolute, else ~/.config", async () => {
  const machine = await testMachine()
  const path = async (env: Record<string, string | undefined>) =>
    (await machine.run(["config", "path"], { env })).json.path
  expect(await path({})).toBe(machine.configPath)
  expect(await path({ ALCHEMY_CONFIG: "here.json" })).toBe(`${machine.home}/here.json`)
  expect(await path({ ALCHEMY_CONFIG: undefined, XDG_CONFIG_HOME: "/xdg" })).toBe("/xdg/alchemy/config.json")
  expect(await path({ ALCHEMY_CONFIG: undefined, XDG_CONFIG_HOME: "relative" })).toBe(
    `${machine.home}/.config/alchemy/config.json`,
  )
})

test("a file that cannot be parsed is put aside with a warning, never overwritten", async () => {
  const machine = await testMachine({ config: '{"auth_token": "alchemy' })
  const { code, stderr } = await machine.run(["config", "set", "app", "a"])
  expect(code).toBe(0)
  expect(stderr).toContain('"event":"warning"')
  expect(await machine.config()).toEqual({ app: "a" })
  expect((await readdir(machine.home)).filter((name) => name.startsWith("config.json.broken-"))).toHaveLength(
    1,
  )
})

test("a file that cannot be read: CREDENTIAL_STORE_ERROR, exit 1", async () => {
  const machine = await testMachine()
  const env = { ALCHEMY_CONFIG: machine.home }
  expect(await machine.run(["config", "list"], { env })).toMatchObject({
    code: 1,
    error: { code: "CREDENTIAL_STORE_ERROR" },
  })
})

test("resetting all with only a sign-out pending does not speak of a sign-in", async () => {
  const pending = { handle: "x.y", server: NOBODY, expiresAt: null, since: "2026-11-01T00:00:00.000Z" }
  const machine = await testMachine({ config: { pending_revocations: [pending] }, tty: true })
  const { stdout } = await machine.run(["config", "reset", "--yes"])
  expect(stdout).not.toContain("sign-in")
  expect(stdout).toContain("Sign-outs that have not reached their server yet were kept")
})
