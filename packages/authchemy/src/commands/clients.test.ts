import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { digestOf, type TokenService } from "@authchemy/tokens"
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest"
import { verifySecret } from "../clients/client-secret.ts"
import { parseConfig } from "../config.ts"
import { createLogger } from "../logging.ts"
import { openTokens } from "../services.ts"
import { withAccountServices } from "./command.ts"
import { runAuthchemy } from "./testing.ts"

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-clients-"))
})
afterAll(() => rm(directory, { recursive: true }))

const clients = (args: string[], options?: Parameters<typeof runAuthchemy>[2]) =>
  runAuthchemy(directory, ["clients", ...args], options)

async function find(id: string) {
  const found: unknown[] = []
  await withAccountServices(parseConfig({ AUTHCHEMY_DATA_DIR: directory }), async (services) => {
    found.push(await services.clients.find(id))
  })
  return found[0]
}

const BUILT_IN =
  "alchemy-cli\tpublic\tbuilt-in\tAlchemy CLI\tauthorization_code,refresh_token,device_code\t-\thttp://127.0.0.1/callback http://[::1]/callback http://localhost/callback\n"

test("a client is added, listed and removed", async () => {
  const uris = ["--redirect-uri", "http://127.0.0.1/done", "--redirect-uri", "com.example.app:/done"]
  const args = ["add", "my-cli", "--name", "My CLI", ...uris]
  expect(await clients(args)).toEqual({
    code: 0,
    stdout: "Added my-cli (My CLI): public, authorization_code, refresh_token\n",
    stderr: "",
  })
  expect(await clients(["list"])).toEqual({
    code: 0,
    stdout: `${BUILT_IN}my-cli\tpublic\tdatabase\tMy CLI\tauthorization_code,refresh_token\t-\thttp://127.0.0.1/done com.example.app:/done\n`,
    stderr: "",
  })
  expect(await clients(args)).toEqual({
    code: 1,
    stdout: "",
    stderr: "authchemy: There is a client my-cli already. See: authchemy clients list\n",
  })
  expect(await clients(["remove", "my-cli"])).toEqual({
    code: 0,
    stdout: "Removed my-cli from the database; ended 0 sessions\n",
    stderr: "",
  })
  expect((await clients(["list"])).stdout).toBe(BUILT_IN)
  expect(await clients(["remove", "my-cli"])).toEqual({
    code: 1,
    stdout: "",
    stderr: 'authchemy: There is no client "my-cli". See: authchemy clients list\n',
  })
})

describe("a client's sessions", () => {
  const add = () => clients(["add", "ended-cli", "--name", "Ended CLI", "--grant", "device_code"])
  const openEngine = async (env: Record<string, string> = {}) => {
    const config = parseConfig({ AUTHCHEMY_DATA_DIR: directory, ...env })
    const tokens = await openTokens(config, { logger: createLogger({ write: () => {} }) })
    onTestFinished(tokens.close)
    return tokens
  }
  const signIn = (tokens: TokenService, clientId = "ended-cli") =>
    tokens.createSession({ accountId: "ada", clientId, scopes: [], device: {}, expiresInSeconds: 600 })

  test("end when it is removed, also where they are held in memory, and servers forget it first", async () => {
    await add()
    const tokens = await openEngine()
    const issued = [await signIn(tokens), await signIn(tokens)]
    const other = await signIn(tokens, "other-cli")
    for (const { token } of [...issued, other]) {
      await vi.waitFor(async () => {
        await tokens.verify(token)
        expect(tokens.verifyHeld(token)).toBeTruthy()
      })
    }
    const forgotten: (string | null)[] = []
    tokens.onForgotten((item) => forgotten.push(item))
    expect(await clients(["remove", "ended-cli"])).toEqual({
      code: 0,
      stdout: "Removed ended-cli from the database; ended 2 sessions\n",
      stderr: "",
    })
    expect(forgotten[0]).toBe("client:ended-cli")
    for (const { token } of issued) expect(await tokens.verify(token)).toBeNull()
    expect(await tokens.verify(other.token)).not.toBeNull()
  })

  test("that are left of one that is gone end when it is removed again", async () => {
    const tokens = await openEngine()
    const { token } = await signIn(tokens)
    expect(await clients(["remove", "ended-cli"])).toEqual({
      code: 0,
      stdout: "There is no client ended-cli any more; ended 1 session\n",
      stderr: "",
    })
    expect(await tokens.verify(token)).toBeNull()
    expect(await clients(["remove", "ended-cli"])).toMatchObject({ code: 1, stdout: "" })
  })

  test("where the store is out of reach, it says what is done, what is not, and what to type", async () => {
    await add()
    const env = { AUTHCHEMY_REDIS_URL: "redis://127.0.0.1:1" }
    expect(await clients(["remove", "ended-cli"], { env })).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "authchemy: ended-cli is removed, and this server refuses it within 5 seconds, but the token store is out of reach, so not all of its sessions could be ended there; " +
        "other APIs that verify tokens may go on accepting them. Run this again: authchemy clients remove ended-cli\n",
    })
    expect(await find("ended-cli")).toBeNull()
    expect((await clients(["remove", "ended-cli"], { env })).stderr).toMatch(
      /^authchemy: There is no client ended-cli, but the token store is out of reach/,
    )
  })
})

test("the secret is shown once, on a line of its own, and works", async () => {
  const args = ["add", "api", "--name", "API", "--confidential", "--resource-server", "--dpop"]
  const { code, stdout } = await clients(args)
  expect(code).toBe(0)
  const [added, , secret = "", , sentence] = stdout.split("\n")
  expect(added).toBe("Added api (API): confidential, dpop, resource-server")
  expect(secret).toMatch(/^alchemy_cs_[A-Za-z0-9_-]{43}$/)
  expect(sentence).toContain("not shown again")
  const client = await find("api")
  expect(client).toMatchObject({ secretDigest: digestOf(secret), grants: [], requireDpop: true })
  expect(verifySecret(client as Parameters<typeof verifySecret>[0], secret)).toBe(true)
  const listed = await clients(["list", "--json"])
  expect(JSON.parse(listed.stdout)[1]).toEqual({
    id: "api",
    type: "confidential",
    origin: "database",
    name: "API",
    redirectUris: [],
    grants: [],
    requireDpop: true,
    resourceServer: true,
  })
  expect(listed.stdout).not.toContain(digestOf(secret))
})

test("device_code stands for the grant's URN", async () => {
  const args = ["add", "tv", "--name", "TV", "--grant", "device_code", "--grant", "refresh_token"]
  expect((await clients(args)).stdout).toBe("Added tv (TV): public, device_code, refresh_token\n")
  expect(await find("tv")).toMatchObject({
    grants: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
  })
})

test("every mistake is named by its flag, and nothing is added", async () => {
  const uris = ["--redirect-uri", "https://app.example.com/", "--redirect-uri", "http://app.example.com/"]
  const args = ["add", "two words", "--name", "two\nlines", ...uris, "--grant", "password"]
  const failed = await clients(args)
  expect(failed).toMatchObject({ code: 2, stdout: "" })
  expect(failed.stderr.split("\n")).toEqual([
    expect.stringMatching(/^authchemy: <id>: must be 1 to 64/),
    expect.stringMatching(/^--name: must be one line/),
    expect.stringMatching(/^--redirect-uri "http:\/\/app\.example\.com\/": must be https/),
    expect.stringMatching(/^--grant "password": must be authorization_code,/),
    "",
  ])
  expect(await clients(["add", "rs", "--name", "RS", "--resource-server"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^authchemy: --confidential: is required/),
  })
  expect(await find("rs")).toBeNull()
})

describe("beside a clients file", () => {
  const secret = "a secret that nobody can guess, ".replaceAll(" ", "-")
  let env: Record<string, string>
  beforeAll(async () => {
    const { stdout } = await clients(["digest"], { input: `${secret}\r\n` })
    const path = join(directory, "clients.json")
    const client = { id: "filed", name: "Filed", secretDigest: stdout.trim(), resourceServer: true }
    await writeFile(path, JSON.stringify({ clients: [client] }))
    env = { AUTHCHEMY_CLIENTS_FILE: path }
  })

  test("the file's clients are listed, and neither taken nor removed", async () => {
    expect((await clients(["list"], { env })).stdout).toContain(
      "\nfiled\tconfidential\tfile\tFiled\t-\tresource-server\t-\n",
    )
    const again = ["add", "filed", "--name", "Filed", "--grant", "device_code"]
    expect(await clients(again, { env })).toMatchObject({ code: 1, stdout: "" })
    expect(await clients(["remove", "filed"], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("AUTHCHEMY_CLIENTS_FILE; take it out there"),
    })
    expect(await clients(["remove", "alchemy-cli"], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("built in"),
    })
  })

  test("one that the database has too can be removed there", async () => {
    await clients(["add", "filed", "--name", "Older", "--grant", "device_code"])
    expect((await clients(["list"], { env })).stdout).toContain("filed\tpublic\tdatabase\tOlder")
    expect(await clients(["remove", "filed"], { env })).toMatchObject({
      code: 0,
      stdout: "Removed filed from the database; the one of this id in AUTHCHEMY_CLIENTS_FILE stays\n",
    })
  })
})

test("a digest is that of the first line; what can be guessed, or is typed, is refused", async () => {
  const input = "0123456789abcdef0123456789abcdef"
  expect(await clients(["digest"], { input })).toEqual({
    code: 0,
    stdout: `${digestOf(input)}\n`,
    stderr: "",
  })
  const short = await clients(["digest"], { input: "hunter22\n" })
  expect(short).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("openssl rand") })
  expect(short.stderr).not.toContain("hunter22")
  expect(await clients(["digest"], { input, isTTY: true })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("pipe the secret"),
  })
})
