import { spawn } from "node:child_process"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import packageJson from "../package.json" with { type: "json" }
import { NOBODY, signedInConfig, testMachine } from "./testing.ts"

test("alone: help on stdout, exit 0; so does a group alone, help and --help", async () => {
  const machine = await testMachine()
  for (const argv of [
    [],
    ["apps"],
    ["help"],
    ["--help"],
    ["apps", "--help"],
    ["help", "apps"],
    ["auth", "--help"],
  ]) {
    const { code, stdout, stderr } = await machine.run(argv)
    expect({ argv, code, stderr }).toEqual({ argv, code: 0, stderr: "" })
    expect(stdout).toMatch(/^Usage: alchemy /)
  }
  expect((await machine.run(["apps", "create", "--help"])).stdout).toContain("--networks <ids>")
  expect((await machine.run(["apps", "create", "--help"])).stdout).toContain("--access-key <key>")
})

test("version in its three forms", async () => {
  const machine = await testMachine()
  const { version } = packageJson
  expect((await machine.run(["--version"])).stdout).toBe(`alchemy ${version}\n`)
  expect((await machine.run(["-V", "--json"])).json.version).toBe(version)
  expect((await machine.run(["version"])).json.version).toBe(version)
  expect((await machine.run(["version"], { tty: true })).stdout).toBe(`alchemy ${version}\n`)
})

test.each([
  [["aps"], "aps", "apps"],
  [["auth", "statsu"], "statsu", "status"],
  [["auth", "login", "--forc"], "--forc", "--force"],
  [["auth", "--forc"], "--forc", "--force"],
  [["apps", "list", "--limt", "3"], "--limt", "--limit"],
  [["--jso", "apps", "list"], "--jso", "--json"],
])("%j is INVALID_ARGS with the nearest match", async (argv, named, nearest) => {
  const machine = await testMachine()
  const { code, error, stdout } = await machine.run(argv)
  expect({ code, stdout, error: error.code }).toEqual({ code: 2, stdout: "", error: "INVALID_ARGS" })
  expect(error.message).toContain(named)
  expect(error.hint).toBe(`Did you mean ${nearest}?`)
})

test.each([
  [["apps", "get"]],
  [["apps", "get", "a", "b"]],
  [["auth", "login", "extra"]],
  [["apps", "list", "--limit"]],
  [["apps", "list", "--timeout", "soon"]],
  [["apps", "list", "--timeout", "0"]],
  [["apps", "list", "--access-key", ""]],
  [["apps", "list", "--auth-url", "nonsense"]],
])("%j is INVALID_ARGS", async (argv) => {
  const machine = await testMachine()
  expect(await machine.run(argv)).toMatchObject({
    code: 2,
    error: { code: "INVALID_ARGS", retryable: false },
  })
})

test("an error in text is one line and a hint", async () => {
  const machine = await testMachine({ tty: true })
  const { stderr, stdout } = await machine.run(["auth", "statsu"])
  expect({ stderr, stdout }).toEqual({
    stderr: "✗ Unknown command 'statsu'.\n  Did you mean status?\n",
    stdout: "",
  })
})

test("an error is wrapped at words on a narrow terminal, below its mark", async () => {
  const machine = await testMachine({ tty: true, columns: 40 })
  expect((await machine.run(["apps", "list", "--limit", "0"])).stderr).toBe(
    "✗ --limit must be a whole number from 1\n  to 100.\n",
  )
})

test("global flags work before and after the subcommand", async () => {
  const machine = await testMachine({ tty: true, config: signedInConfig(NOBODY), server: NOBODY })
  for (const argv of [
    ["--json", "auth", "status", "--offline"],
    ["auth", "--json", "status", "--offline"],
    ["auth", "status", "--offline", "--json"],
  ]) {
    expect((await machine.run(argv)).json.state).toBe("unverified")
  }
})

test("--auth-url comes before the environment, which comes before the file", async () => {
  const machine = await testMachine({ config: { "auth-url": "http://localhost:1003" } })
  const url = async (argv: string[], env = {}) =>
    (await machine.run(["setup", "status", ...argv], { env })).json.authUrl
  expect(await url([])).toBe("http://localhost:1003")
  const env = { ALCHEMY_AUTH_URL: "http://localhost:1002" }
  expect(await url([], env)).toBe("http://localhost:1002")
  expect(await url(["--auth-url", "http://localhost:1001"], env)).toBe("http://localhost:1001")
})

test("a bug: INTERNAL_ERROR, exit 1, one sentence; the stack only with --debug, secrets masked", async () => {
  const secret = "secret-of-the-environment-0123"
  const machine = await testMachine({
    server: NOBODY,
    config: signedInConfig(NOBODY),
    env: { ALCHEMY_ACCESS_KEY: secret },
    context: {
      now: () => {
        throw new TypeError(`broken with ${secret}`)
      },
    },
  })
  const { code, error, stderr } = await machine.run(["apps", "list"])
  expect({ code, error: error.code }).toEqual({ code: 1, error: "INTERNAL_ERROR" })
  expect(stderr).not.toContain("TypeError")
  const debug = await machine.run(["apps", "list", "--debug"])
  expect(debug.error.stack).toContain("TypeError")
  expect(debug.stderr).not.toContain(secret)
  const text = await machine.run(["apps", "list", "--debug"], { tty: true })
  expect(text.stderr).toContain("    at ")
  expect(text.stderr).not.toContain(secret)
})

test("an interrupted command ends with 130", async () => {
  const machine = await testMachine({ server: NOBODY })
  const { code, stderr } = await machine.run(["auth", "login", "--no-browser", "--port", "0"], {
    tty: true,
    context: { signal: AbortSignal.abort() },
  })
  expect({ code, stderr }).toEqual({ code: 130, stderr: "\n✗ Interrupted.\n" })
})

test("colours on a terminal, none with NO_COLOR, --no-color, TERM=dumb or on a pipe", async () => {
  const machine = await testMachine({ tty: true })
  const escapes = async (argv: string[], env: Record<string, string>) =>
    /\u001b/.test((await machine.run(["auth", "statsu", ...argv], { env: { NO_COLOR: "", ...env } })).stderr)
  expect(await escapes([], {})).toBe(true)
  expect(await escapes(["--no-color"], {})).toBe(false)
  expect(await escapes([], { NO_COLOR: "1" })).toBe(false)
  expect(await escapes([], { TERM: "dumb" })).toBe(false)
})

test("as a process: exit codes, and a reader that goes away is quiet", async () => {
  const machine = await testMachine()
  const start = (argv: string[]) =>
    spawn(
      process.execPath,
      ["--conditions=authchemy-source", fileURLToPath(new URL("bin.ts", import.meta.url)), ...argv],
      { env: { PATH: process.env.PATH, ALCHEMY_CONFIG: machine.configPath } },
    )
  const child = start(["--help"])
  child.stdout.destroy()
  let stderr = ""
  child.stderr.on("data", (chunk) => {
    stderr += chunk
  })
  const codes = [child, start(["auth", "token"])].map(
    (process) => new Promise((resolve) => process.once("close", resolve)),
  )
  expect(await Promise.all(codes)).toEqual([0, 3])
  expect(stderr).toBe("")
})

test.each([
  ["without HOME", {}, true],
  ["with an empty HOME", { HOME: "" }, true],
  ["with a relative HOME", { HOME: "relative" }, false],
])("as a process: %s, also where the working directory has been removed", async (_, env, removed) => {
  const script = `${removed ? 'd=$(mktemp -d) && cd "$d" && rmdir "$d" && ' : ""}exec "$0" "$@"`
  const source = fileURLToPath(new URL("bin.ts", import.meta.url))
  const argv = [process.execPath, "--conditions=authchemy-source", source, "config", "path"]
  const child = spawn("sh", ["-c", script, ...argv], { env: { PATH: process.env.PATH, ...env } })
  const { path } = JSON.parse((await text(child.stdout)) || "{}")
  expect(path).toMatch(/^\/.*\/\.config\/alchemy\/config\.json$/)
})

test("--version after a command shows the version and runs nothing", async () => {
  const machine = await testMachine({ server: NOBODY })
  expect((await machine.run(["auth", "--version"])).stdout).toBe(`alchemy ${packageJson.version}\n`)
  expect((await machine.run(["apps", "list", "-V", "--json"])).json.version).toBe(packageJson.version)
  expect(machine.opened).toEqual([])
})

test("help is wrapped at words on a narrow terminal, and says what `alchemy auth` alone does", async () => {
  const machine = await testMachine({ tty: true, columns: 40 })
  const { stdout } = await machine.run(["auth", "--help"])
  expect(stdout.split("\n").filter((line) => line.length > 40)).toEqual([])
  expect(stdout.replace(/\s+/g, " ")).toContain("as `alchemy auth` alone does")
})

test("help of a command within a group", async () => {
  const machine = await testMachine()
  const { code, stdout } = await machine.run(["help", "auth", "login"])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Usage: alchemy auth login /)
})

test.each([
  [["bogus", "--help"], "Unknown command 'bogus'."],
  [["help", "aps"], "Unknown command 'aps'."],
])("help of a command that is not there: %j", async (argv, message) => {
  const machine = await testMachine()
  const { code, stdout, error } = await machine.run(argv)
  expect({ code, stdout, error }).toMatchObject({
    code: 2,
    stdout: "",
    error: { code: "INVALID_ARGS", message },
  })
})
