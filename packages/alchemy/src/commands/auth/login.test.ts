import { mkdir } from "node:fs/promises"
import { createServer } from "node:http"
import { setImmediate as turn } from "node:timers/promises"
import { expect, onTestFinished, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../../testing.ts"
import { ACCOUNT, NOW, newToken, startServer } from "../../testing-server.ts"
import { command } from "./login.ts"

const jsonLines = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))

test.each([
  [{}, { force: false, yes: false, browser: true }],
  [
    { force: true, yes: true, browser: false },
    { force: true, yes: true, browser: false },
  ],
  [{ expiresIn: "90d" }, { expiresInSeconds: 7_776_000 }],
  [{ expiresIn: "12h" }, { expiresInSeconds: 43_200 }],
  [{ expiresIn: "30m" }, { expiresInSeconds: 1800 }],
  [{ expiresIn: "3600" }, { expiresInSeconds: 3600 }],
  [{ port: "0" }, { port: 0 }],
  [{ port: "65535" }, { port: 65_535 }],
])("%j becomes %j", (raw, options) => {
  expect(command.parse([], raw)).toMatchObject(options)
})

test.each([
  ["--expires-in", { expiresIn: "59" }],
  ["--expires-in", { expiresIn: "tomorrow" }],
  ["--expires-in", { expiresIn: "" }],
  ["--expires-in", { expiresIn: "-5d" }],
  ["--port", { port: "65536" }],
  ["--port", { port: "x" }],
])("a wrong %s is refused by name: %j", (flag, raw) => {
  expect(() => command.parse([], raw)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGS", message: expect.stringContaining(flag) }),
  )
})

test("signs in: events on stderr, the result on stdout, the credential in the file", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin })
  const { code, json, stderr } = await machine.run([
    "auth",
    "login",
    "-y",
    "--port",
    "0",
    "--expires-in",
    "12h",
  ])
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
  const [approval] = jsonLines(stderr)
  expect(approval).toEqual({
    event: "approval",
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/login\?redirectUrl=/),
    phrase: expect.stringMatching(/^[a-z]+(-[a-z]+){3}$/),
    timeoutSeconds: 300,
  })
  expect(machine.opened).toEqual([approval.url])
})

test("`alchemy auth` is `alchemy auth login`; with --reveal the token is shown", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin })
  const { json } = await machine.run(["auth", "-y", "--port", "0", "--reveal"])
  expect(json.authToken).toBe((await machine.config()).auth_token)
})

test("on a terminal the address and the words are shown, and Enter opens the browser", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, tty: true })
  const { PassThrough } = await import("node:stream")
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  stdin.write("\n")
  const { code, stdout, stderr } = await machine.run(["auth", "login", "--port", "0"], { context: { stdin } })
  expect(code).toBe(0)
  expect(stderr).toContain(machine.opened[0])
  expect(stderr).toMatch(/\n {2}[a-z]+(-[a-z]+){3}\n/)
  expect(stderr).toContain("at most 5 minutes")
  expect(stderr).toContain("Press Enter to open the browser.")
  expect(stdout).toContain("✓ Signed in as ada@example.com.")
  expect(stdout).toContain("in 90 days")
  expect(stdout).toContain("config file ~/config.json")
  expect(stdin.listenerCount("data")).toBe(0)
})

test.each([
  ["--no-browser", ["--no-browser", "-y"], { tty: true }],
  ["JSON without -y", [], {}],
  ["no display", ["-y"], { tty: true, context: { canOpenBrowser: async () => false } }],
])("%s never opens a browser; the address works all the same", async (_, flags, options) => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin })
  const { PassThrough } = await import("node:stream")
  const stderr = Object.assign(new PassThrough(), { isTTY: "tty" in options })
  let visited = ""
  stderr.setEncoding("utf8").on("data", (text: string) => {
    const url = /http:\/\/127\.0\.0\.1:\d+\/login\?[^\s"]+/.exec(text)?.[0]
    if (url === undefined || visited !== "") return
    visited = url
    void fetch(url)
  })
  const { context, ...rest } = { context: {}, ...options }
  const { code } = await machine.run(["auth", "login", "--port", "0", ...flags], {
    ...rest,
    context: { ...context, stderr },
  })
  expect(code).toBe(0)
  expect(visited).not.toBe("")
  expect(machine.opened).toEqual([])
})

test.each([
  ["accepts it", true, 0],
  ["cannot be reached", false, 0],
])("a stored sign-in is kept where the server %s", async (_, reachable, exitCode) => {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  if (!reachable) server.override("/v1/me", (_request, response) => response.destroy())
  const machine = await testMachine({ server: server.origin, config })
  const { code, json } = await machine.run(["auth", "login"])
  expect(code).toBe(exitCode)
  expect(json).toMatchObject({
    status: "already_signed_in",
    account: reachable ? ACCOUNT : null,
    verified: reachable,
    authToken: `${config.auth_token.slice(0, 15)}…${config.auth_token.slice(-4)}`,
  })
  expect((await machine.run(["auth", "login"], { tty: true })).stdout).toMatch(/^✓ Already signed in/)
})

test.each([
  ["that the server refuses", (origin: string) => signedInConfig(origin)],
  ["that has expired", (origin: string) => signedInConfig(origin, newToken(), -1)],
  ["of another server", () => signedInConfig("https://elsewhere.example")],
])("a stored sign-in %s is replaced", async (_, config) => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, config: config(server.origin) })
  const context = {
    fetch: (async (...[input, init]) => {
      if (String(input).startsWith("https://elsewhere.example")) throw new TypeError("unreachable")
      return fetch(input, init)
    }) as typeof fetch,
  }
  const { code, json } = await machine.run(["auth", "login", "-y", "--port", "0"], { context })
  expect({ code, status: json.status }).toEqual({ code: 0, status: "signed_in" })
  expect((await machine.config()).auth_token_server).toBe(server.origin)
})

test("--force ends the old session only after the new one has answered", async () => {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  const machine = await testMachine({ server: server.origin, config })
  const { code } = await machine.run(["auth", "login", "--force", "-y", "--port", "0"])
  expect(code).toBe(0)
  const stored = String((await machine.config()).auth_token)
  expect([...server.sessions]).toEqual([stored])
  const calls = server.seen.map(({ path }) => path.split("?")[0])
  expect(calls.slice(calls.indexOf("/api/cli/token"))).toEqual([
    "/api/cli/token",
    "/v1/me",
    "/api/cli/logout",
  ])
})

test("--force with a server that refuses the new token keeps the old sign-in, and ends the new session", async () => {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.override("/v1/me", (_request, response) => response.writeHead(401).end("{}"))
  const machine = await testMachine({ server: server.origin, config })
  const { code, error } = await machine.run(["auth", "login", "--force", "-y", "--port", "0"])
  expect({ code, error: error.code }).toEqual({ code: 8, error: "ADMIN_API_ERROR" })
  expect(await machine.config()).toEqual(config)
  expect(server.sessions.size).toBe(0)
})

test("--force with a new token that cannot be confirmed notes the old session as pending", async () => {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.override("/v1/me", (_request, response) => response.writeHead(500).end("{}"))
  const machine = await testMachine({ server: server.origin, config })
  const { code, stderr } = await machine.run(["auth", "login", "--force", "-y", "--port", "0"])
  expect(code).toBe(0)
  expect(stderr).toContain("could not be confirmed")
  expect((await machine.config()).pending_revocations).toHaveLength(1)
})

test("denied in the browser: LOGIN_DENIED, exit 3, nothing stored", async () => {
  const server = await startServer()
  server.override("/login", (request, response) => {
    const asked = new URL(request.url ?? "", server.origin).searchParams
    const query = { error: "access_denied", state: asked.get("state") ?? "", iss: server.origin }
    response.writeHead(303, { location: `${asked.get("redirectUrl")}?${new URLSearchParams(query)}` }).end()
  })
  const machine = await testMachine({ server: server.origin })
  const { code, error, stdout } = await machine.run(["auth", "login", "-y", "--port", "0"])
  expect({ code, error: error.code, stdout }).toEqual({ code: 3, error: "LOGIN_DENIED", stdout: "" })
  await expect(machine.config()).rejects.toThrow()
})

test("nobody approves: LOGIN_TIMEOUT, exit 3, retryable", async () => {
  const machine = await testMachine({ server: NOBODY })
  const { code, error } = await machine.run([
    "auth",
    "login",
    "--no-browser",
    "--port",
    "0",
    "--timeout",
    "20",
  ])
  expect({ code, error }).toMatchObject({ code: 3, error: { code: "LOGIN_TIMEOUT", retryable: true } })
})

test("a credential that cannot be saved: CREDENTIAL_STORE_ERROR, and its session does not stay behind", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin })
  const { rm, mkdir } = await import("node:fs/promises")
  const context = {
    openBrowser: async (url: string) => {
      await rm(machine.configPath, { force: true })
      await mkdir(machine.configPath)
      await fetch(url)
    },
  }
  const { code, error } = await machine.run(["auth", "login", "-y", "--port", "0"], { context })
  expect({ code, error: error.code }).toEqual({ code: 1, error: "CREDENTIAL_STORE_ERROR" })
  expect(server.sessions.size).toBe(0)
})

test("a busy port is said, and another is used", async () => {
  const server = await startServer()
  const busy = createServer()
  await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => void busy.close())
  const address = busy.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const machine = await testMachine({ server: server.origin })
  const { code, stderr } = await machine.run(["auth", "login", "-y", "--port", String(port)])
  expect(code).toBe(0)
  expect(jsonLines(stderr)[0]).toMatchObject({
    event: "listening",
    preferredPort: port,
    reason: "EADDRINUSE",
  })
})

test("Ctrl-C: exit 130, no listener and no lock left", async () => {
  const machine = await testMachine({ server: NOBODY })
  const interruption = new AbortController()
  let callback = ""
  const context = {
    signal: interruption.signal,
    openBrowser: async (url: string) => {
      callback = new URL(url).searchParams.get("redirectUrl") ?? ""
      interruption.abort()
    },
  }
  const { code, error } = await machine.run(["auth", "login", "-y", "--port", "0"], { context })
  expect({ code, error: error.code }).toEqual({ code: 130, error: "INTERRUPTED" })
  await expect(fetch(callback)).rejects.toThrow()
  const { readdir } = await import("node:fs/promises")
  expect(await readdir(machine.home)).toEqual([])
})

test("of two sign-ins at once the second uses what the first has stored", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin })
  const first = machine.run(["auth", "login", "-y", "--port", "0"])
  while (machine.opened.length === 0) await turn()
  const second = await machine.run(["auth", "login", "-y", "--port", "0"])
  expect((await first).json.status).toBe("signed_in")
  expect(second.json).toMatchObject({ status: "already_signed_in" })
  expect(machine.opened).toHaveLength(1)
})

test("environment credentials that go on winning are named", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin })
  const env = { ALCHEMY_AUTH_TOKEN: newToken(), ALCHEMY_ACCESS_KEY: "some-access-key-0123456789" }
  const { stderr } = await machine.run(["auth", "login", "-y", "--port", "0"], { env })
  expect(stderr).toContain("ALCHEMY_AUTH_TOKEN is set")
  expect(stderr).toContain("An access key is set")
  expect(stderr).not.toContain(env.ALCHEMY_AUTH_TOKEN)
})

test("where the sign-in lock cannot be taken: CREDENTIAL_STORE_ERROR, and nothing is shown", async () => {
  const machine = await testMachine({ server: NOBODY })
  await mkdir(`${machine.configPath}.sign-in.lock`)
  const { code, error, stderr } = await machine.run(["auth", "login", "--no-browser"])
  expect({ code, error: error.code }).toEqual({ code: 1, error: "CREDENTIAL_STORE_ERROR" })
  expect(stderr).not.toContain("approval")
})

test("a clock that is so far ahead that the new sign-in has expired by it is named", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, context: { now: () => NOW + 365 * 86_400_000 } })
  const { code, stderr, json } = await machine.run(["auth", "login", "--yes"])
  expect({ code, status: json.status }).toEqual({ code: 0, status: "signed_in" })
  expect(jsonLines(stderr).at(-1)).toMatchObject({
    event: "warning",
    message: expect.stringContaining("clock"),
  })
})
