import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { runCli } from "./cli.ts"
import { parseConfig } from "./config.ts"
import { openServices } from "./services.ts"

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-cli-"))
})
afterAll(() => rm(directory, { recursive: true }))

async function authchemy(args: string[], options: { env?: Record<string, string>; input?: string } = {}) {
  const output = { stdout: "", stderr: "" }
  const code = await runCli(args, {
    env: { AUTHCHEMY_DATA_DIR: directory, ...options.env },
    stdin: (async function* () {
      yield options.input ?? ""
    })(),
    stdout: (text) => {
      output.stdout += text
    },
    stderr: (text) => {
      output.stderr += text
    },
  })
  return { code, ...output }
}

const create = (email: string, input = "correct horse battery\n", ...more: string[]) =>
  authchemy(["accounts", "create", "--email", email, "--password-stdin", ...more], { input })

test("accounts are created, listed and disabled; the password is never shown", async () => {
  const created = await create("Ada@example.com", "correct horse battery\r\n", "--name", "Ada")
  expect(created).toMatchObject({ code: 0, stderr: "" })
  expect(created.stdout).toMatch(/^Created ada@example\.com \(Ada\), id \S+\n$/)
  const services = await openServices(parseConfig({ AUTHCHEMY_DATA_DIR: directory }), () => {})
  const [account] = await services.accounts.list()
  const { token } = await services.tokens.createSession({
    accountId: account?.id ?? "",
    expiresInSeconds: 60,
    device: {},
  })
  const form = { email: "ada@example.com", password: "correct horse battery" }
  expect(await services.accounts.signIn(form, new Request("http://localhost/"))).toMatchObject({ ok: true })
  expect((await authchemy(["accounts", "list"])).stdout).toMatch(/\tactive\t.*\tada@example\.com\tAda\n$/)
  expect(await authchemy(["accounts", "disable", "--email", "ADA@example.com"])).toEqual({
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

test("disabling nobody fails", async () => {
  expect(await authchemy(["accounts", "disable", "--email", "nobody@example.com"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("nobody@example.com"),
  })
})

test.each([
  [["acounts"], /Did you mean accounts\?/],
  [["accounts", "lst"], /Did you mean list\?/],
  [["accounts", "create", "--emial", "x"], /--email/],
  [["accounts", "list", "--nonsense"], /unknown option/],
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

test("a Redis that is out of reach is one sentence without the password in the URL", async () => {
  const failed = await authchemy(["accounts", "list"], {
    env: { AUTHCHEMY_REDIS_URL: "redis://user:hunter22@127.0.0.1:1" },
  })
  expect(failed.code).toBe(1)
  expect(failed.stderr).toMatch(/^authchemy: the token store is out of reach: .+\n$/)
  expect(failed.stderr).not.toContain("hunter22")
})

test("version and help", async () => {
  expect(await authchemy(["--version"])).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" })
  expect((await authchemy(["--help"])).stdout).toContain("accounts")
})
