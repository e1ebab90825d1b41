import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text as textOf } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, beforeAll, expect, test } from "vitest"
import { runAuthchemy } from "./commands/testing.ts"
import { parseConfig } from "./config.ts"
import { openServices } from "./services.ts"

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-cli-"))
})
afterAll(() => rm(directory, { recursive: true }))

const authchemy = (args: string[], options?: Parameters<typeof runAuthchemy>[2]) =>
  runAuthchemy(directory, args, options)

const create = (email: string, input = "correct horse battery\n", ...more: string[]) =>
  authchemy(["accounts", "create", "--email", email, "--password-stdin", ...more], { input })

test("accounts are created, listed and disabled; the password is never shown", async () => {
  const created = await create("Ada@example.com", "correct horse battery\r\n", "--name", "Ada")
  expect(created).toMatchObject({ code: 0, stderr: "" })
  expect(created.stdout).toMatch(/^Created ada@example\.com \(Ada\), id \S+\n$/)
  const services = await openServices(parseConfig({ AUTHCHEMY_DATA_DIR: directory }))
  const [account] = await services.accounts.administration.list()
  const { token } = await services.tokens.createSession({
    ...ALCHEMY_GRANT,
    accountId: account?.id ?? "",
    expiresInSeconds: 60,
    device: {},
  })
  const form = { email: "ada@example.com", password: "correct horse battery" }
  const visit = { address: "127.0.0.1", agent: null }
  expect(await services.accounts.passwords.signIn(form, visit)).toMatchObject({ ok: true })
  expect((await authchemy(["accounts", "list"])).stdout).toMatch(/\tactive\t.*\tada@example\.com\tAda\n$/)
  expect(await authchemy(["accounts", "disable", "ADA@example.com"])).toEqual({
    code: 0,
    stdout: "Disabled ada@example.com; ended 1 session\n",
    stderr: "",
  })
  expect(await services.tokens.verify(token)).toBeNull()
  await services.close()
  expect((await authchemy(["accounts", "list"])).stdout).toContain("\tdisabled\t")
})

test.each([
  ["a taken email", ["dup@example.com"], 1, /there already/],
  ["no email", ["nonsense"], 2, /Email must be/],
])("creating with %s fails by name", async (_what, [email = ""], code, message) => {
  await create("dup@example.com")
  const failed = await create(email)
  expect(failed.code).toBe(code)
  expect(failed.stderr).toMatch(message)
})

test("a short or missing password is refused without repeating it", async () => {
  expect(await create("new@example.com", "tiny\n")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/at least 8(?!.*tiny)/),
  })
  expect(await create("new@example.com", "")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--password-stdin"),
  })
})

test("a password is not asked for at a terminal, where it would be shown", async () => {
  const args = ["accounts", "create", "--email", "tty@example.com", "--password-stdin"]
  expect(await authchemy(args, { input: "correct horse battery\n", isTTY: true })).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining("--password-stdin: pipe"),
  })
})

test("a first line without an end is refused, not read for ever", async () => {
  expect(await create("long@example.com", "x".repeat(10_000))).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("at most 128"),
  })
})

test("disabling takes one email, in either place", async () => {
  await create("flag@example.com")
  expect(await authchemy(["accounts", "disable", "--email", "flag@example.com"])).toMatchObject({ code: 0 })
  expect(await authchemy(["accounts", "disable", "nobody@example.com"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("nobody@example.com"),
  })
  for (const args of [[], ["a@example.com", "--email", "b@example.com"]]) {
    expect(await authchemy(["accounts", "disable", ...args])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("one email must be given"),
    })
  }
})

test.each([
  [["acounts"], /Did you mean accounts\?/],
  [["accounts", "lst"], /Did you mean list\?/],
  [["accounts", "create", "--emial", "x"], /--email/],
  [["accounts", "list", "--nonsense"], /unknown option/],
  [["clients", "ad"], /Did you mean add\?/],
  [["clients", "add", "my-cli"], /--name/],
  [["clients", "remove"], /missing required argument 'id'/],
])("%j exits 2 and helps", async (args, message) => {
  const failed = await authchemy(args)
  expect(failed.code).toBe(2)
  expect(failed.stderr).toMatch(message)
})

test("an unusable environment exits 2 and names every variable", async () => {
  expect(await authchemy([], { env: { AUTHCHEMY_PORT: "x", AUTHCHEMY_URL: "y" } })).toEqual({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/^AUTHCHEMY_PORT: must be .*\nAUTHCHEMY_URL: must be .*\n$/),
  })
})

test.each([[["--workers", "0"]], [["--workers=0"]], [["serve", "--workers", "0"]]])(
  "%j asks for no number of workers that there can be",
  async (args) => {
    expect(await authchemy(args)).toEqual({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^AUTHCHEMY_WORKERS: must be a whole number from 1 to 256, or auto/),
    })
  },
)

const deadRedis = { AUTHCHEMY_REDIS_URL: "redis://user:hunter22@127.0.0.1:1" }

/** `authchemy serve` as a process of its own, which is to fail. */
async function failToServe(env: Record<string, string>) {
  const bin = fileURLToPath(new URL("bin.ts", import.meta.url))
  const child = spawn(process.execPath, ["--conditions=authchemy-source", bin, "serve"], {
    env: { AUTHCHEMY_DATA_DIR: directory, AUTHCHEMY_PORT: "0", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  })
  const exited = once(child, "exit")
  const stderr = await textOf(child.stderr)
  const [code] = await exited
  return { code: code as number | null, stderr }
}

test("a Redis that is out of reach is one sentence without the password in the URL", async () => {
  const { code, stderr } = await failToServe(deadRedis)
  expect(stderr).toMatch(/^authchemy: the token store is out of reach: .+\n$/)
  expect(stderr).not.toContain("hunter22")
  expect(code).toBe(1)
})

test("workers that cannot start end the server with the first one's error, once", async () => {
  const { code, stderr } = await failToServe({ ...deadRedis, AUTHCHEMY_WORKERS: "2" })
  expect(stderr).toMatch(
    /^authchemy: the token store is out of reach: .+\nauthchemy: the first worker ended with code 1 before it served.*\n$/,
  )
  expect(code).toBe(1)
})

test("accounts are kept, and disabled at once, while Redis is out of reach", async () => {
  expect(await create("offline@example.com")).toMatchObject({ code: 0 })
  const failed = await authchemy(["accounts", "disable", "offline@example.com"], { env: deadRedis })
  expect(failed).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^authchemy: offline@example\.com is disabled .*; run this again\.\n$/),
  })
  const listed = await authchemy(["accounts", "list"], { env: deadRedis })
  expect(listed.stdout).toMatch(/\tdisabled\t.*\toffline@example\.com\t/)
})

test("a directory or host that cannot be used exits 2 by the variable's name", async () => {
  const env = { AUTHCHEMY_DATA_DIR: join(directory, "authchemy.db") }
  expect(await authchemy(["accounts", "list"], { env })).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^AUTHCHEMY_DATA_DIR: must be .*\n$/),
  })
  expect(await failToServe({ AUTHCHEMY_HOST: "192.0.2.1" })).toEqual({
    code: 2,
    stderr: expect.stringMatching(/^AUTHCHEMY_HOST: must be .*\n$/),
  })
})

test("a clients file that cannot be used exits 2 by the variable's name", async () => {
  const env = { AUTHCHEMY_CLIENTS_FILE: join(directory, "missing.json") }
  const refused = { code: 2, stderr: expect.stringMatching(/^AUTHCHEMY_CLIENTS_FILE: must be .*ENOENT.*\n$/) }
  expect(await authchemy(["accounts", "list"], { env })).toMatchObject(refused)
  expect(await failToServe(env)).toEqual(refused)
})

test("version and help", async () => {
  expect(await authchemy(["--version"])).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" })
  expect((await authchemy(["--help"])).stdout).toContain("accounts")
})
