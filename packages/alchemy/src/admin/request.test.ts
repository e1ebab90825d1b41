import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../testing.ts"
import { startServer } from "../testing-server.ts"

async function answered(status: number, body: string | object, headers: Record<string, string> = {}) {
  const server = await startServer()
  server.override("/v1/apps", (_request, response) => {
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body))
  })
  const machine = await testMachine({ server: server.origin, config: signedInConfig(server.origin) })
  return machine.run(["apps", "list"])
}

test.each([
  [400, "ADMIN_API_ERROR", 8, false],
  [401, "AUTH_REQUIRED", 3, false],
  [403, "ADMIN_API_ERROR", 8, false],
  [404, "NOT_FOUND", 4, false],
  [409, "ADMIN_API_ERROR", 8, false],
  [429, "RATE_LIMITED", 5, true],
  [500, "ADMIN_API_ERROR", 8, true],
  [503, "ADMIN_API_ERROR", 8, true],
])("%i is %s, exit %i", async (status, errorCode, exitCode, retryable) => {
  const { code, error, stdout } = await answered(status, { error: "x", message: "What the server says." })
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" })
  expect(error).toMatchObject({ code: errorCode, retryable })
  if (status !== 401) expect(error.message).toBe("What the server says.")
})

test("429 says when to come back", async () => {
  const { error } = await answered(429, {}, { "retry-after": "7" })
  expect(error.hint).toBe("Try again in 7 seconds.")
})

test("S57 a redirect is an error, and the credential does not follow", async () => {
  const other = await startServer()
  const { error, code } = await answered(307, "", { location: `${other.origin}/v1/apps` })
  expect({ code, error: error.code }).toEqual({ code: 8, error: "ADMIN_API_ERROR" })
  expect(other.seen).toEqual([])
})

test("S57 a body of 10 MB is not read", async () => {
  const { error, code } = await answered(200, { data: { apps: [] }, more: "x".repeat(10_000_000) })
  expect({ code, error: error.code }).toEqual({ code: 8, error: "ADMIN_API_ERROR" })
  expect(error.message).toContain("larger than 1 MiB")
})

test("S57 control characters in a message do not reach the terminal", async () => {
  const { error, stderr } = await answered(500, { error: "x", message: "a\u001b[31mb\u0007\u202ec\nd" })
  expect(error.message).toBe("a [31mb c d")
  expect(stderr.trim().split("\n")).toHaveLength(1)
})

test.each([
  ["not JSON", "<html>"],
  ["no data", { apps: [] }],
  ["the wrong form", { data: { apps: [{ id: 1 }] } }],
])("a success with %s is ADMIN_API_ERROR", async (_, body) => {
  const { error, code } = await answered(200, body)
  expect({ code, error: error.code }).toEqual({ code: 8, error: "ADMIN_API_ERROR" })
})

test("S57 a server that never answers: NETWORK_ERROR at the time limit", async () => {
  const server = await startServer()
  server.override("/v1/apps", () => {})
  const machine = await testMachine({ server: server.origin, config: signedInConfig(server.origin) })
  const { code, error } = await machine.run(["apps", "list", "--timeout", "50"])
  expect({ code, error }).toMatchObject({ code: 6, error: { code: "NETWORK_ERROR", retryable: true } })
  expect(error.message).toContain("no answer within 0.05 s")
})

test.each([
  [NOBODY, "refused"],
  ["https://nowhere.invalid", "name"],
])("%s cannot be reached: NETWORK_ERROR, exit 6, %s", async (url, reason) => {
  const machine = await testMachine({
    server: NOBODY,
    config: signedInConfig(NOBODY),
    env: { ALCHEMY_ADMIN_API_BASE_URL: url },
  })
  const { code, error } = await machine.run(["apps", "list"])
  expect({ code, error: error.code }).toEqual({ code: 6, error: "NETWORK_ERROR" })
  expect(error.message).toContain(reason)
})

test("an http address off this machine is refused before anything is sent", async () => {
  const machine = await testMachine({
    server: NOBODY,
    config: signedInConfig(NOBODY),
    env: { ALCHEMY_ADMIN_API_BASE_URL: "http://admin.example.com" },
  })
  const { code, error } = await machine.run(["apps", "list"])
  expect({ code, error: error.code }).toEqual({ code: 2, error: "INVALID_ARGS" })
  expect(error.message).toContain("ALCHEMY_ADMIN_API_BASE_URL")
})

test("--verbose says what is asked, without secrets", async () => {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  const machine = await testMachine({ server: server.origin, config, tty: true })
  const { stderr } = await machine.run(["apps", "list", "--verbose"])
  expect(stderr).toBe(`· GET ${server.origin}/v1/apps: 200 in 0 ms\n`)
  await machine.run(["config", "set", "verbose", "true"])
  expect((await machine.run(["apps", "list"])).stderr).toContain("/v1/apps: 200")
})

test("a 404 of something other than the admin API does not mean that the app is gone", async () => {
  const { code, error } = await answered(404, "<html>Not found</html>")
  expect({ code, error: error.code }).toEqual({ code: 8, error: "ADMIN_API_ERROR" })
  expect(error.hint).toContain("alchemy setup status")
  expect((await answered(404, { error: "not_found", message: "None." })).error.hint).toContain("apps list")
})

test("403 names the credential that lacks the right", async () => {
  const { error } = await answered(403, { error: "insufficient_scope", message: "No." })
  expect(error.hint).toBe("The token (config file) lacks the right for this.")
})

test.each([
  ["ALCHEMY_AUTH_TOKEN", "x\ny", "AUTH_REQUIRED"],
  ["ALCHEMY_AUTH_TOKEN", "\u4e2d", "AUTH_REQUIRED"],
  ["ALCHEMY_ACCESS_KEY", "\u4e2d", "INVALID_ACCESS_KEY"],
  ["ALCHEMY_ACCESS_KEY", "a b", "INVALID_ACCESS_KEY"],
])("%s=%j, which no header can carry, is %s and no network failure", async (name, value, code) => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, env: { [name]: value } })
  expect(await machine.run(["apps", "list"])).toMatchObject({ code: 3, error: { code, retryable: false } })
  expect(server.seen).toEqual([])
})

test.each([
  "ftp://ada:hunter2@example.com",
  "https://ada:hun/ter2@example.com:99999",
  "ada:hunter2@example.com",
])("a password in %s, which is no server's address, is not repeated", async (url) => {
  const machine = await testMachine({ env: { ALCHEMY_AUTH_URL: url } })
  const { code, stderr } = await machine.run(["setup", "status", "--debug"])
  expect(code).toBe(2)
  expect(stderr).toContain("example.com")
  expect(stderr).not.toMatch(/hunter2|ter2/)
})

test.each([
  ['"a-b"', '"a-b"'],
  ['W/"a"', undefined],
  ["a", undefined],
  [undefined, undefined],
])("an app with the entity tag %s is changed with If-Match: %s", async (tag, condition) => {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  const encodings: unknown[] = []
  server.override("/v1/apps/app_1", (request, response) => {
    encodings.push(request.headers["accept-encoding"])
    if (tag !== undefined) response.setHeader("etag", tag)
    response.end(JSON.stringify({ data: server.apps[0] }))
  })
  server.override("/v1/apps/app_1/ip-allowlist", (_request, response) =>
    response.end(JSON.stringify({ data: server.apps[0] })),
  )
  const machine = await testMachine({ server: server.origin, config })
  expect(await machine.run(["apps", "ip-allowlist", "app_1", "--add", "::1"])).toMatchObject({ code: 0 })
  expect(server.seen.at(-1)).toMatchObject({ method: "PUT", ifMatch: condition })
  // A proxy that compressed the answer would make the tag a weak one.
  expect(encodings).toEqual(["identity"])
})
