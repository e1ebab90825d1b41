import { existsSync } from "node:fs"
import { PassThrough } from "node:stream"
import { expect, test } from "vitest"
import { interrupted } from "../errors.ts"
import { signedInConfig, type TestOptions, testMachine } from "../testing.ts"
import { APP, newToken, startServer } from "../testing-server.ts"

/** A person at a terminal who signs in with `-y`, to an account with these apps. */
async function signingIn(apps: string[], options: TestOptions = {}) {
  const server = await startServer()
  server.apps.splice(0, 1, ...apps.map((id) => ({ ...APP, id, name: `demo of ${id}` })))
  const machine = await testMachine({ server: server.origin, tty: true, columns: 200, ...options })
  const login = (more: TestOptions = {}, argv: string[] = []) =>
    machine.run(["auth", "login", "-y", ...argv], more)
  return { server, machine, login }
}

test("one app is chosen by itself, and said", async () => {
  const { machine, login } = await signingIn(["app_7"])
  const { code, stdout } = await login()
  expect(code).toBe(0)
  expect(stdout).toMatch(/^✓ Signed in as ada@example\.com\.\n[\s\S]* app {6}demo of app_7 \(app_7\)\n/)
  expect(machine.asked).toEqual([])
  expect(await machine.config()).toHaveProperty("app", "app_7")
})

test("of several the person chooses", async () => {
  const { machine, login } = await signingIn(["app_1", "app_2"], { choose: "demo of app_2" })
  expect((await login()).stdout).toContain("demo of app_2 (app_2)")
  expect(machine.asked).toEqual(["Signed in as ada@example.com. Which app should commands work on?"])
  expect(await machine.config()).toHaveProperty("app", "app_2")
})

test("a selection that is still good stays without a question", async () => {
  const { machine, login } = await signingIn(["app_1", "app_2"], { config: { app: "app_2" } })
  expect((await login()).stdout).toContain("demo of app_2 (app_2)")
  expect(machine.asked).toEqual([])
})

test("without apps, how to create one is said", async () => {
  const { machine, login } = await signingIn([])
  const { code, stderr } = await login()
  expect(code).toBe(0)
  expect(stderr).toContain("alchemy apps create")
  expect(await machine.config()).not.toHaveProperty("app")
})

test("where programs read the result nothing is asked or loaded, and JSON says what is selected", async () => {
  const { server, machine, login } = await signingIn(["app_1"], { config: { app: "app_5" } })
  for (const [more, argv] of [
    [{}, ["--json"]],
    [{ tty: false }, ["--force"]],
  ] as const) {
    expect((await login(more, [...argv])).json).toMatchObject({ status: "signed_in", app: "app_5" })
  }
  await machine.run(["config", "reset", "app"])
  expect((await login({ tty: false }, ["--force"])).json.app).toBeNull()
  expect(server.seen.some(({ path }) => path.startsWith("/v1/apps"))).toBe(false)
})

test("apps that cannot be loaded do not make the sign-in fail", async () => {
  const { server, machine, login } = await signingIn(["app_1"])
  server.override("/v1/apps", (_request, response) => response.writeHead(503).end())
  const { code, stdout, stderr } = await login()
  expect(code).toBe(0)
  expect(stdout).toContain("✓ Signed in as ada@example.com.")
  expect(stderr).toContain("No app could be selected: The server answered 503.")
  expect(stderr).toContain("alchemy apps select")
  expect(await machine.config()).toHaveProperty("auth_token")
})

test("a person who cancels the choice is signed in all the same", async () => {
  const { machine, login } = await signingIn(["app_1", "app_2"])
  const cancels = {
    confirm: async () => false,
    password: async () => "",
    text: async () => "",
    choose: async () => {
      throw interrupted()
    },
  }
  const { code, stdout, stderr } = await login({ context: { prompter: cancels } })
  expect(code).toBe(0)
  expect(stdout).toContain("✓ Signed in as")
  expect(stderr).toContain("No app was selected. `alchemy apps select` does it later.")
  expect(await machine.config()).toHaveProperty("auth_token")
})

test("while the person chooses, no other sign-in is held up", async () => {
  const { machine, login } = await signingIn(["app_1", "app_2"])
  let others = -1
  const chooses = {
    confirm: async () => false,
    password: async () => "",
    text: async () => "",
    choose: async <Value>(_question: string, options: readonly { value: Value }[]) => {
      const { json } = await machine.run(["auth", "login", "--json", "--timeout", "100"])
      others = json.status === "already_signed_in" ? 1 : 0
      expect(existsSync(`${machine.configPath}.sign-in.lock`)).toBe(false)
      return options[0]?.value as Value
    },
  }
  expect((await login({ context: { prompter: chooses } })).code).toBe(0)
  expect(others).toBe(1)
})

test("what another account had selected is removed, also where nobody is asked", async () => {
  const server = await startServer()
  const config = {
    ...signedInConfig(server.origin),
    auth_token_account: { id: "acc_other", email: "bob@example.com", name: "Bob" },
    app: "app_of_bob",
  }
  const machine = await testMachine({ server: server.origin, config })
  const token = newToken()
  server.sessions.add(token)
  const stdin = new PassThrough()
  stdin.end(token)
  const { json } = await machine.run(["auth", "login", "--with-token"], { context: { stdin } })
  expect(json).toMatchObject({ status: "signed_in", app: null })
  expect(await machine.config()).not.toHaveProperty("app")
})
