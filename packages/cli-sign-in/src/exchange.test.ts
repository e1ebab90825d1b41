import { expect, test } from "vitest"
import { exchangeCodeForToken } from "./exchange.ts"
import { refusingUrl, sendJson, startServer, TOKEN, TOKEN_RESPONSE } from "./testing.ts"

const VERIFIER = "v".repeat(43)
const BODY = {
  code: "the-code",
  redirect_uri: "http://127.0.0.1:16424/callback",
  code_verifier: VERIFIER,
  expires_in_seconds: 3600,
  device: { name: "laptop", os: "Linux", client: "cli/1" },
}

function exchange(
  server: string,
  options: { timeoutMs?: number; signal?: AbortSignal; fetch?: typeof fetch } = {},
) {
  const pauses: number[] = []
  const delay = async (milliseconds: number) => {
    pauses.push(milliseconds)
  }
  const now = () => Date.parse("2026-11-23T22:05:00.000Z")
  const result = exchangeCodeForToken({ server, body: BODY, fetch, delay, now, ...options })
  result.catch(() => {})
  return { result, pauses }
}

test("a code becomes a credential of that server", async () => {
  const { url, received } = await startServer((response) => sendJson(response, 200, TOKEN_RESPONSE))
  expect(await exchange(url).result).toEqual({
    credential: { token: TOKEN, expiresAt: TOKEN_RESPONSE.expiresAt, server: url },
    sessionId: "session-1",
    account: TOKEN_RESPONSE.account,
    expiresInSeconds: 7_776_000,
  })
  expect(received).toMatchObject([{ method: "POST", path: "/api/cli/token" }])
  expect(received[0]?.headers["content-type"]).toBe("application/json")
  expect(JSON.parse(received[0]?.body ?? "")).toEqual(BODY)
})

test("a refusal is not tried again and carries status and wire code", async () => {
  const { url, received } = await startServer((response) =>
    sendJson(response, 400, { error: "invalid_grant", error_description: "The code has expired." }),
  )
  await expect(exchange(url).result).rejects.toMatchObject({
    code: "refused",
    message: "The server refused the sign-in (400: The code has expired).",
    details: { status: 400, error: "invalid_grant" },
  })
  expect(received).toHaveLength(1)
})

test("S57 control characters and length of an error text do not get through", async () => {
  const { url } = await startServer((response) =>
    sendJson(response, 400, {
      error: "\u001b[31mevil",
      error_description: `\u001b]0;title\u0007\r\n\u202e${"x".repeat(5_000)}`,
    }),
  )
  const error: Error & { details?: unknown } = await exchange(url).result.catch((error) => error)
  expect(error.message).toMatch(/^The server refused the sign-in \(400: \]0;title x+…\)\.$/)
  expect(error.message.length).toBeLessThan(300)
  expect(error.details).toEqual({ status: 400 })
})

test("S57 control characters in the account's names do not get through", async () => {
  const account = { id: "account-1", email: "a\u001b[2Jda@example.com", name: "A\u202ed\na" }
  const { url } = await startServer((response) => sendJson(response, 200, { ...TOKEN_RESPONSE, account }))
  expect((await exchange(url).result).account).toEqual({
    id: "account-1",
    email: "a [2Jda@example.com",
    name: "A d a",
  })
})

test.each([301, 302, 303, 307, 308])(
  "S57 a redirect (%i) of the token endpoint is not followed: code and verifier stay",
  async (status) => {
    const target = await startServer((response) => sendJson(response, 200, TOKEN_RESPONSE))
    const { url, received } = await startServer((response) => {
      response.writeHead(status, { location: `${target.url}/api/cli/token` })
      response.end()
    })
    await expect(exchange(url).result).rejects.toMatchObject({ code: "bad_response", details: { status } })
    expect(target.received).toEqual([])
    expect(received).toHaveLength(1)
  },
)

test("S57 a body of 10 MB is not read to its end", async () => {
  let closed: Promise<unknown> = Promise.resolve()
  const { url } = await startServer((response) => {
    closed = new Promise((resolve) => response.once("close", resolve))
    response.writeHead(200, { "content-type": "application/json" })
    const write = () => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
      response.once("drain", write)
    }
    write()
  })
  await expect(exchange(url).result).rejects.toMatchObject({ code: "bad_response" })
  await closed
})

test.each([
  ["not JSON", "<html>"],
  ["no token", JSON.stringify({ ...TOKEN_RESPONSE, authToken: undefined })],
  ["a token with a line break", JSON.stringify({ ...TOKEN_RESPONSE, authToken: "a\nb" })],
  ["an expiry that is no time", JSON.stringify({ ...TOKEN_RESPONSE, expiresAt: "soon" })],
  ["an array", "[]"],
])("S57 a 200 with %s: bad_response", async (_, body) => {
  const { url } = await startServer((response) => response.end(body))
  await expect(exchange(url).result).rejects.toMatchObject({ code: "bad_response" })
})

test("S57 a server that never answers: the limit holds for each of three tries, then network", async () => {
  const { url, received } = await startServer(() => {})
  const { result, pauses } = exchange(url, { timeoutMs: 100 })
  await expect(result).rejects.toMatchObject({
    code: "network",
    details: { server: url, reason: "no answer within 0.1 s" },
  })
  expect(received).toHaveLength(3)
  expect(pauses).toEqual([500, 1500])
})

test("S57 an answer that has begun and stalls is not tried again", async () => {
  const { url, received } = await startServer((response) => {
    response.writeHead(200, { "content-type": "application/json" })
    response.write("{")
  })
  await expect(exchange(url, { timeoutMs: 100 }).result).rejects.toMatchObject({ code: "network" })
  expect(received).toHaveLength(1)
})

test("a connection that is refused is tried three times", async () => {
  const { result, pauses } = exchange(await refusingUrl())
  await expect(result).rejects.toMatchObject({ code: "network", details: { reason: "connection refused" } })
  expect(pauses).toEqual([500, 1500])
})

test("a connection that breaks once is survived", async () => {
  const { url } = await startServer((response, _, count) =>
    count === 1 ? response.destroy() : sendJson(response, 200, TOKEN_RESPONSE),
  )
  await expect(exchange(url).result).resolves.toMatchObject({ sessionId: "session-1" })
})

test.each([
  ["5", [5_000, 5_000]],
  ["Mon, 23 Nov 2026 22:05:03 GMT", [3_000, 3_000]],
  ["Mon, 23 Nov 2026 22:04:00 GMT", [0, 0]],
  ["6", []],
  ["120", []],
  ["Mon, 23 Nov 2026 22:06:00 GMT", []],
  ["soon", []],
])("503 with Retry-After %j is tried again after %j ms", async (value, expected) => {
  const { url } = await startServer((response) => sendJson(response, 503, {}, { "retry-after": value }))
  const { result, pauses } = exchange(url)
  await expect(result).rejects.toMatchObject({ code: "refused", details: { status: 503 } })
  expect(pauses).toEqual(expected)
})

test("an abort ends the request under way", async () => {
  const controller = new AbortController()
  const { url, received } = await startServer(() => controller.abort())
  await expect(exchange(url, { signal: controller.signal }).result).rejects.toMatchObject({ code: "aborted" })
  expect(received).toHaveLength(1)
})

test("a `fetch` that knows why it failed is quoted, on one line; it stays the cause", async () => {
  const failure = Object.assign(new Error("secret"), { reason: "the proxy\u001b[31m did\nnot answer" })
  const failing: typeof fetch = () => Promise.reject(failure)
  const error = await exchange("https://auth.test", { fetch: failing }).result.catch((caught) => caught)
  expect(error).toMatchObject({ code: "network", cause: { kind: "network", cause: failure } })
  expect(error.message).toBe(
    "The server at https://auth.test could not be reached: the proxy [31m did not answer.",
  )
})
