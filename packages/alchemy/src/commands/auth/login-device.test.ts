import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../../testing.ts"
import { ACCOUNT, NOW, startServer } from "../../testing-server.ts"
import { command } from "./login.ts"

const jsonLines = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))

/** A `fetch` that approves a code as soon as somebody polls with it, and a browser that nobody has. */
const approving = (origin: string) => ({
  canOpenBrowser: async () => false,
  fetch: (async (...[input, init]) => {
    if (String(input).endsWith("/oauth/token")) await fetch(`${origin}/device?user_code=WDJB-MJHT`)
    return fetch(input, init)
  }) as typeof fetch,
})

/** A clock that a pause moves on. */
function movingClock() {
  let time = NOW
  const delay = async (milliseconds: number) => {
    time += milliseconds
  }
  return { now: () => time, delay }
}

test.each([
  [{}, false],
  [{ device: true }, true],
])("%j becomes device: %s", (raw, device) => {
  expect(command.parse([], raw)).toMatchObject({ device })
})

test("--device signs in by code: event on stderr, result on stdout, credential in the file, no listener", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, context: approving(server.origin) })
  const { code, json, stderr } = await machine.run(["auth", "login", "--device", "--expires-in", "12h"])
  expect(code).toBe(0)
  const stored = await machine.config()
  expect(json).toEqual({
    status: "signed_in",
    account: ACCOUNT,
    profile: "default",
    keptIn: "file",
    keychain: "the keychain could not be used: there is none on this system",
    app: null,
    sessionId: "ses_1",
    expiresAt: new Date(NOW + 43_200_000).toISOString(),
    authToken: expect.stringMatching(/^alchemy_at_tAg9….{4}$/),
    storedIn: machine.configPath,
    server: server.origin,
  })
  expect(server.sessions.has(String(stored.auth_token))).toBe(true)
  expect(stderr).not.toContain(stored.auth_token)
  expect(jsonLines(stderr)).toEqual([
    {
      event: "device_code",
      userCode: "WDJB-MJHT",
      verificationUri: `${server.origin}/device`,
      verificationUriComplete: `${server.origin}/device?user_code=WDJB-MJHT`,
      phrase: expect.stringMatching(/^[a-z]+(-[a-z]+){3}$/),
      timeoutSeconds: 300,
    },
  ])
  const asked = server.seen.find(({ path }) => path === "/oauth/device_authorization")
  expect(Object.fromEntries(new URLSearchParams(asked?.body))).toMatchObject({
    client: expect.stringMatching(/^alchemy-cli\//),
    device: "test-machine",
    os: "Linux 6.0",
  })
})

test.each([
  ["--port", ["--port", "0"]],
  ["--yes", ["-y"]],
  ["--no-browser", ["--no-browser"]],
])("--device with %s is the code alone, though a browser could be opened", async (_, flags) => {
  const server = await startServer()
  const { fetch } = approving(server.origin)
  const machine = await testMachine({ server: server.origin, context: { fetch } })
  const { code, stderr } = await machine.run(["auth", "login", "--device", ...flags])
  expect({ code, events: jsonLines(stderr).map(({ event }) => event) }).toEqual({
    code: 0,
    events: ["device_code"],
  })
  expect(machine.opened).toEqual([])
})

test("S55 where no browser can be opened: address and code side by side, and one phrase", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, tty: true, context: approving(server.origin) })
  const { code, stdout, stderr } = await machine.run(["auth", "login", "--port", "0"], { rows: 24 })
  expect(code).toBe(0)
  expect(stderr).toContain(`${server.origin}/login?redirectUrl=`)
  expect(stderr).toContain("and enter the code  WDJB-MJHT")
  expect(stderr).toMatch(/[█▀▄]{5}/)
  expect(stderr.match(/\n {2}[a-z]+(-[a-z]+){3}\n/g)).toHaveLength(1)
  expect(stdout).toContain("✓ Signed in as ada@example.com.")
  expect(server.sessions.size).toBe(1)
  expect(machine.opened).toEqual([])
})

test("--no-browser keeps its meaning: the address alone", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, context: approving(server.origin) })
  const { stderr } = await machine.run(["auth", "login", "--no-browser", "--port", "0", "--timeout", "20"])
  expect(jsonLines(stderr)[0].event).toBe("approval")
  expect(server.seen).toEqual([])
})

test("the sign-in after a 401 chooses in the same way", async () => {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  const context = approving(server.origin)
  const machine = await testMachine({ server: server.origin, config, tty: true, context })
  const { code, stderr } = await machine.run(["apps", "list"])
  expect(code).toBe(0)
  expect(stderr).toContain("no longer accepts the stored sign-in")
  expect(stderr).toContain("and enter the code  WDJB-MJHT")
  expect(stderr).toContain(`${server.origin}/login?redirectUrl=`)
})

test.each([
  ["access_denied", 3, "LOGIN_DENIED", "Run `alchemy auth login` to try again."],
  ["expired_token", 3, "LOGIN_TIMEOUT", "Run `alchemy auth login` again for a new code."],
  ["invalid_grant", 8, "ADMIN_API_ERROR", "Run `alchemy auth login` to try again."],
])("%s: exit %i, %s, and what to type next", async (error, exitCode, errorCode, hint) => {
  const server = await startServer()
  server.override("/oauth/token", (_request, response) =>
    response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ error })),
  )
  const machine = await testMachine({ server: server.origin })
  const failed = await machine.run(["auth", "login", "--device"])
  expect(failed).toMatchObject({ code: exitCode, stdout: "", error: { code: errorCode, hint } })
  expect(await machine.config()).toEqual({})
})

test("a server without a device flow: --device says so, and which command works", async () => {
  const server = await startServer()
  server.override("/oauth/device_authorization", (_request, response) => response.writeHead(404).end())
  const machine = await testMachine({ server: server.origin })
  const { code, error } = await machine.run(["auth", "login", "--device"])
  expect({ code, error }).toMatchObject({
    code: 8,
    error: { code: "ADMIN_API_ERROR", hint: expect.stringContaining("`alchemy auth login --no-browser`") },
  })
})

test("nobody approves: LOGIN_TIMEOUT, retryable", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, context: movingClock() })
  const { code, error } = await machine.run(["auth", "login", "--device", "--timeout", "60000"])
  expect({ code, error }).toMatchObject({
    code: 3,
    error: { code: "LOGIN_TIMEOUT", retryable: true, hint: expect.stringContaining("--timeout") },
  })
  expect(server.seen.filter(({ path }) => path === "/oauth/token")).toHaveLength(12)
})

test("a server that is not there: NETWORK_ERROR", async () => {
  const machine = await testMachine({ server: NOBODY })
  const { code, error } = await machine.run(["auth", "login", "--device"])
  expect({ code, error: error.code }).toEqual({ code: 6, error: "NETWORK_ERROR" })
})

test("Ctrl-C while the code is waited for: exit 130, no lock left", async () => {
  const server = await startServer()
  const interruption = new AbortController()
  const context = { signal: interruption.signal, delay: async () => interruption.abort() }
  const machine = await testMachine({ server: server.origin, context })
  const { code, error } = await machine.run(["auth", "login", "--device"])
  expect({ code, error: error.code }).toEqual({ code: 130, error: "INTERRUPTED" })
  const { readdir } = await import("node:fs/promises")
  expect(await readdir(machine.home)).toEqual(["config.json"])
  expect(await machine.config()).toEqual({})
})

test("a credential that cannot be saved: CREDENTIAL_STORE_ERROR, and its session does not stay behind", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin })
  const { mkdir, rm } = await import("node:fs/promises")
  const { fetch } = approving(server.origin)
  const context = {
    fetch: (async (...[input, init]) => {
      if (String(input).endsWith("/oauth/token")) {
        await rm(machine.configPath, { force: true })
        await mkdir(machine.configPath)
      }
      return fetch(input, init)
    }) as typeof globalThis.fetch,
  }
  const { code, error } = await machine.run(["auth", "login", "--device"], { context })
  expect({ code, error: error.code }).toEqual({ code: 1, error: "CREDENTIAL_STORE_ERROR" })
  expect(server.sessions.size).toBe(0)
})

test("--force by code ends the old session after the new one has answered", async () => {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  const machine = await testMachine({ server: server.origin, config, context: approving(server.origin) })
  const { code } = await machine.run(["auth", "login", "--force", "--device"])
  expect(code).toBe(0)
  expect([...server.sessions]).toEqual([(await machine.config()).auth_token])
})
