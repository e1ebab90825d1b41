import { PassThrough } from "node:stream"
import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../testing.ts"
import { startServer } from "../testing-server.ts"

test("a terminal and nothing set up: greets, offers the sign-in, signs in, and names what comes next", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, tty: true, confirm: true, choose: "app_1" })
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  stdin.write("\n")
  const { code, stdout, stderr } = await machine.run([], { context: { stdin } })
  expect(code).toBe(0)
  expect(stderr).toMatch(/^Welcome to alchemy\.\nNothing is set up on this machine yet: .*\n.*\n/)
  expect(machine.asked[0]).toBe("Sign in now?")
  expect(stdout).toContain("✓ Signed in as ada@example.com.")
  expect(stdout.match(/^ {2}Next: alchemy /gm)).toHaveLength(2)
  expect(await machine.config()).toHaveProperty("auth_token")
})

test("who says no is told how to come back, and nothing is opened, sent or written", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, tty: true, confirm: false })
  const { code, stdout } = await machine.run([])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Nothing was changed\.\n {2}Next: alchemy auth /)
  expect(server.seen).toEqual([])
  expect(machine.opened).toEqual([])
  await expect(machine.config()).rejects.toThrow("ENOENT")
})

test("Enter alone is a yes", async () => {
  const asked: unknown[] = []
  const prompter = {
    confirm: async (...question: unknown[]) => {
      asked.push(question)
      return false
    },
  }
  const machine = await testMachine({ server: NOBODY, tty: true })
  await machine.run([], { context: { prompter: prompter as never } })
  expect(asked).toEqual([["Sign in now?", { initially: true }]])
})

test.each([
  ["a sign-in", { config: signedInConfig(NOBODY) }],
  ["an expired sign-in", { config: signedInConfig(NOBODY, undefined, -1) }],
  ["an access key in the file", { config: { "access-key": "key-0123456789" } }],
  ["an access key in the environment", { env: { ALCHEMY_ACCESS_KEY: "key-0123456789" } }],
  ["a token in the environment", { env: { ALCHEMY_AUTH_TOKEN: "token-0123456789" } }],
  ["a configuration that cannot be read", { env: { ALCHEMY_PROFILE: "no profile!" } }],
])("with %s: the help, and nothing is asked", async (_what, options) => {
  const machine = await testMachine({ server: NOBODY, tty: true, ...options })
  const { code, stdout, stderr } = await machine.run([])
  expect({ code, stderr, asked: machine.asked }).toEqual({ code: 0, stderr: "", asked: [] })
  expect(stdout).toBe((await machine.run(["--help"])).stdout)
})

test("a profile that is empty is offered a sign-in, whoever is signed in elsewhere", async () => {
  const machine = await testMachine({ server: NOBODY, tty: true, config: signedInConfig(NOBODY) })
  await machine.run(["--profile", "work"])
  expect(machine.asked).toEqual(["Sign in now?"])
})

test.each([
  ["on a pipe", [], false, {}],
  ["with --no-interactive", ["--no-interactive"], true, {}],
  ["in a CI system", [], true, { CI: "true" }],
])("%s: the help, and the configuration is not even read", async (_where, argv, tty, env) => {
  const machine = await testMachine({ server: NOBODY, tty, env, config: "{" })
  const { code, stdout, stderr } = await machine.run(argv)
  expect({ code, stderr, asked: machine.asked }).toEqual({ code: 0, stderr: "", asked: [] })
  expect(stdout).toMatch(/^Usage: alchemy /)
})

test("whoever asks for JSON gets JSON: the document of agent-prompt", async () => {
  const machine = await testMachine({ server: NOBODY })
  const { code, json } = await machine.run(["--json"])
  expect(code).toBe(0)
  expect(json).toEqual((await machine.run(["agent-prompt"])).json)
  expect((await machine.run(["--json"], { tty: true })).json).toEqual(json)
  // A group alone, and a plain question for the help, are answered with the help.
  expect((await machine.run(["apps", "--json"])).stdout).toMatch(/^Usage: /)
  expect((await machine.run(["help", "--json"])).stdout).toMatch(/^Usage: /)
  expect((await machine.run(["--help", "--json"])).stdout).toMatch(/^Usage: /)
})

test("a bad global flag is said", async () => {
  const machine = await testMachine()
  expect(await machine.run(["--timeout", "soon"])).toMatchObject({ code: 2, error: { code: "INVALID_ARGS" } })
})
