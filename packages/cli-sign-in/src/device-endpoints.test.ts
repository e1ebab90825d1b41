import { expect, test } from "vitest"
import { pollForToken, requestDeviceAuthorization } from "./device-endpoints.ts"
import {
  deviceAuthorizationOf,
  OAUTH_TOKEN_RESPONSE,
  refuseWith,
  refusingUrl,
  sendJson,
  startServer,
  TOKEN,
} from "./testing.ts"

const CHALLENGE = "c".repeat(43)
const VERIFIER = "v".repeat(43)
const NOW = Date.parse("2026-11-24T12:00:00.000Z")
type Answer = Parameters<typeof startServer>[0]

const authorize = (server: string, more: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  requestDeviceAuthorization(
    { codeChallenge: CHALLENGE, client: "cli/1\u001b[31m", device: { name: "lap\ntop", os: "Linux" } },
    { server, fetch, ...more },
  )
const poll = (server: string, more: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  pollForToken(
    { deviceCode: "the-device-code", codeVerifier: VERIFIER, expiresInSeconds: 3600, now: () => NOW },
    { server, fetch, ...more },
  )
const form = (body = "") => Object.fromEntries(new URLSearchParams(body))

test("the request for a code says who asks, carries the challenge, and asks for no scope", async () => {
  const { url, received } = await startServer((response) =>
    sendJson(response, 200, deviceAuthorizationOf(url)),
  )
  expect(await authorize(url)).toEqual({
    deviceCode: "the-device-code",
    userCode: "WDJB-MJHT",
    verificationUri: `${url}/device`,
    verificationUriComplete: `${url}/device?user_code=WDJB-MJHT`,
    expiresInMs: 600_000,
    intervalMs: 5_000,
  })
  expect(received).toMatchObject([{ method: "POST", path: "/oauth/device_authorization" }])
  expect(received[0]?.headers["content-type"]).toMatch(/^application\/x-www-form-urlencoded/)
  expect(form(received[0]?.body)).toEqual({
    client_id: "alchemy-cli",
    client: "cli/1 [31m",
    device: "lap top",
    os: "Linux",
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
  })
})

test("without an interval it is five seconds, and the complete address may be missing", async () => {
  const { url } = await startServer((response) => {
    const { interval, verification_uri_complete, ...rest } = deviceAuthorizationOf(url)
    sendJson(response, 200, rest)
  })
  const authorization = await authorize(url)
  expect(authorization.intervalMs).toBe(5_000)
  expect(authorization).not.toHaveProperty("verificationUriComplete")
})

test("the names of loopback count as one server", async () => {
  const { url } = await startServer((response) => {
    const { port } = new URL(url)
    const addresses = { verification_uri: `http://localhost:${port}/device` }
    sendJson(response, 200, { ...deviceAuthorizationOf(url), ...addresses })
  })
  expect((await authorize(url)).verificationUri).toMatch(/^http:\/\/localhost:/)
})

test.each([
  ["404", (response) => response.writeHead(404, { "content-type": "text/html" }).end("<html>")],
  ["405", (response) => response.writeHead(405).end()],
  ["unauthorized_client", refuseWith("unauthorized_client")],
  ["unsupported_grant_type", refuseWith("unsupported_grant_type")],
] satisfies [string, Answer][])("a server without a device flow (%s) is told apart", async (_, answer) => {
  const { url } = await startServer(answer)
  await expect(authorize(url)).rejects.toMatchObject({ code: "refused", details: { unsupported: true } })
})

test.each([
  ["another host", { verification_uri: "https://evil.example/device" }],
  ["another port", { verification_uri: "http://127.0.0.1:1/device" }],
  ["another scheme", { verification_uri: "javascript:alert(1)" }],
  ["https in place of http", { verification_uri: "https://127.0.0.1/device" }],
  ["no URL", { verification_uri: "device" }],
  ["user info", { verification_uri: "http://u:p@127.0.0.1/device" }],
  ["another host, complete", { verification_uri_complete: "https://evil.example/device?c=1" }],
  ["a code of nothing but control characters", { user_code: "\u001b\u0007" }],
  ["no device code", { device_code: "" }],
  ["an interval of zero", { interval: 0 }],
  ["a lifetime that is none", { expires_in: "soon" }],
  ["an address of 3 KB", { verification_uri: `http://127.0.0.1/${"x".repeat(3_000)}` }],
])("S57 %s is refused", async (_, changes) => {
  const { url } = await startServer((response) =>
    sendJson(response, 200, { ...deviceAuthorizationOf(url), ...changes }),
  )
  await expect(authorize(url)).rejects.toMatchObject({ code: "bad_response" })
})

test("S57 control characters of code and address do not get through", async () => {
  const { url } = await startServer((response) =>
    sendJson(response, 200, {
      ...deviceAuthorizationOf(url),
      user_code: "WDJB\u001b[2J-MJHT\u202e",
      verification_uri: `${url}/dev\u001b[2Jice\u202e`,
    }),
  )
  expect(await authorize(url)).toMatchObject({
    userCode: "WDJB [2J-MJHT",
    verificationUri: `${url}/dev%1B[2Jice%E2%80%AE`,
  })
})

test.each([301, 302, 303, 307, 308])("S57 a redirect (%i) is not followed", async (status) => {
  const target = await startServer((response) => sendJson(response, 200, OAUTH_TOKEN_RESPONSE))
  const { url } = await startServer((response) =>
    response.writeHead(status, { location: `${target.url}/oauth/token` }).end(),
  )
  await expect(authorize(url)).rejects.toMatchObject({ code: "bad_response", details: { status } })
  await expect(poll(url)).rejects.toMatchObject({ code: "bad_response", details: { status } })
  expect(target.received).toEqual([])
})

test("S57 a body of 10 MB is not read to its end", async () => {
  const { url } = await startServer((response) => {
    response.on("error", () => {})
    response.writeHead(200, { "content-type": "application/json" })
    response.end(Buffer.alloc(10 * 1024 * 1024, " "))
  })
  const message = "The server gave an answer of more than 64 KiB."
  await expect(authorize(url)).rejects.toMatchObject({ code: "bad_response", message })
  await expect(poll(url)).rejects.toMatchObject({ code: "bad_response", message })
})

test("S57 a server that never answers: the limit holds", async () => {
  const { url } = await startServer(() => {})
  const reason = "no answer within 0.05 s"
  await expect(authorize(url, { timeoutMs: 50 })).rejects.toMatchObject({
    code: "network",
    details: { reason },
  })
  expect(await poll(url, { timeoutMs: 50 })).toEqual({ answer: "unavailable", reason })
})

test("a code cannot be had: not reached, too many requests, refused", async () => {
  await expect(authorize(await refusingUrl())).rejects.toMatchObject({ code: "network" })
  const { url } = await startServer((response, _, count) =>
    count === 1
      ? sendJson(response, 429, { error: "rate_limited" })
      : sendJson(response, 400, { error: "invalid_request", error_description: "No\u001b[31mchallenge." }),
  )
  await expect(authorize(url)).rejects.toMatchObject({ code: "refused", details: { status: 429 } })
  await expect(authorize(url)).rejects.toMatchObject({
    code: "refused",
    message: "The server refused the sign-in (400: No [31mchallenge).",
    details: { status: 400, error: "invalid_request" },
  })
})

test("a poll carries code, verifier and wish, and brings a login, which expires by the server's clock", async () => {
  const { url, received } = await startServer((response) =>
    sendJson(response, 200, OAUTH_TOKEN_RESPONSE, { date: "Tue, 24 Nov 2026 13:00:00 GMT" }),
  )
  expect(await poll(url)).toEqual({
    answer: "login",
    login: {
      credential: { token: TOKEN, expiresAt: "2027-02-22T13:00:00.000Z", server: url },
      sessionId: "session-1",
      account: OAUTH_TOKEN_RESPONSE.account,
      expiresInSeconds: 7_776_000,
    },
  })
  expect(received).toMatchObject([{ method: "POST", path: "/oauth/token" }])
  expect(form(received[0]?.body)).toEqual({
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    client_id: "alchemy-cli",
    device_code: "the-device-code",
    code_verifier: VERIFIER,
    expires_in_seconds: "3600",
  })
})

test.each([undefined, "some day"])(
  "where the server's clock says %j, a login expires by our own",
  async (date) => {
    const { url } = await startServer((response) => {
      response.sendDate = false
      sendJson(response, 200, OAUTH_TOKEN_RESPONSE, date === undefined ? {} : { date })
    })
    expect(await poll(url)).toMatchObject({
      login: { credential: { expiresAt: "2027-02-22T12:00:00.000Z" } },
    })
  },
)

test.each([
  ["authorization_pending", { answer: "pending" }],
  ["slow_down", { answer: "slow_down" }],
])("%s goes on", async (error, expected) => {
  const { url } = await startServer(refuseWith(error))
  expect(await poll(url)).toEqual(expected)
})

test.each([
  ["access_denied", "denied"],
  ["expired_token", "timeout"],
  ["invalid_grant", "refused"],
  ["\u001b[31mevil", "refused"],
])("%j ends it: %s", async (error, code) => {
  const { url } = await startServer(refuseWith(error))
  const failure: Error = await poll(url).then(
    () => expect.unreachable(),
    (failure) => failure,
  )
  expect(failure).toMatchObject({ code })
  expect(failure.message).not.toContain("evil")
})

test.each([
  ["503 with seconds", 503, "7", 7_000],
  ["429 with a date", 429, "Tue, 24 Nov 2026 12:00:09 GMT", 9_000],
  ["500 without", 500, undefined, undefined],
  ["502 with nonsense", 502, "soon", undefined],
])("%s is worth another try", async (_, status, retryAfter, retryAfterMs) => {
  const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter }
  const { url } = await startServer(refuseWith("server_error", status, headers))
  expect(await poll(url)).toEqual({
    answer: "unavailable",
    reason: `the server answered ${status}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
})

test.each([
  ["not JSON", "<html>"],
  ["an array", "[]"],
  ["no session", JSON.stringify({ ...OAUTH_TOKEN_RESPONSE, session_id: undefined })],
  ["no account", JSON.stringify({ ...OAUTH_TOKEN_RESPONSE, account: undefined })],
  ["a token with a line break", JSON.stringify({ ...OAUTH_TOKEN_RESPONSE, access_token: "a\nb" })],
  ["a token bound to a key", JSON.stringify({ ...OAUTH_TOKEN_RESPONSE, token_type: "DPoP" })],
  ["a token of an unknown type", JSON.stringify({ ...OAUTH_TOKEN_RESPONSE, token_type: "mac" })],
  ["an end beyond all time", JSON.stringify({ ...OAUTH_TOKEN_RESPONSE, expires_in: 1e15 })],
])("S57 a 200 with %s: bad_response, which repeats no token", async (_, body) => {
  const { url } = await startServer((response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(body)
  })
  const failure: Error = await poll(url).then(
    () => expect.unreachable(),
    (failure) => failure,
  )
  expect(failure).toMatchObject({ code: "bad_response" })
  expect(failure.cause).toBeUndefined()
})

test.each([
  ["401 with a challenge", 401, { "www-authenticate": 'Bearer error="invalid_client"' }, "{}"],
  ["403 of a proxy", 403, { "content-type": "text/html" }, "<html>"],
  ["204", 204, {}, ""],
])("%s: refused, with its status", async (_, status, headers, body) => {
  const { url } = await startServer((response) => response.writeHead(status, headers).end(body))
  await expect(poll(url)).rejects.toMatchObject({ code: "refused", details: { status } })
})

test("S57 control characters in the account's names do not get through", async () => {
  const account = { id: "account-1", email: "a\u001b[2Jda@example.com", name: "A\u202ed\na" }
  const { url } = await startServer((response) =>
    sendJson(response, 200, { ...OAUTH_TOKEN_RESPONSE, account }),
  )
  expect(await poll(url)).toMatchObject({
    login: { account: { id: "account-1", email: "a [2Jda@example.com", name: "A d a" } },
  })
})

test("an abort ends a request under way", async () => {
  for (const request of [authorize, poll]) {
    const controller = new AbortController()
    const { url } = await startServer(() => controller.abort())
    await expect(request(url, { signal: controller.signal })).rejects.toMatchObject({ code: "aborted" })
  }
})
