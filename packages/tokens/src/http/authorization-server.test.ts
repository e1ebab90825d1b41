import { expect, test } from "vitest"
import { StoreUnavailableError } from "../errors.ts"
import { createAuthorizationServer } from "./authorization-server.ts"
import { createFakeServer, jsonResponse } from "./testing.ts"

const ISSUER = "https://auth.example.com"
const SECRET = "alchemy_cs_very:secret+%/"

function serverThat(answer: Parameters<typeof createFakeServer>[0], issuer = ISSUER) {
  const fake = createFakeServer(answer)
  const options = { issuer, clientId: "notes-api", clientSecret: SECRET, fetch: fake.fetch }
  return { server: createAuthorizationServer(options), requests: fake.requests }
}

test("a form is posted with the credentials in Basic, form-encoded first; what it answers is read as JSON", async () => {
  const { server, requests } = serverThat(() => jsonResponse({ yes: true }))
  expect(await server.post("/oauth/introspect", { token: "a b&c" }, 1_000)).toEqual({ yes: true })
  const [request] = requests
  expect(request?.url).toBe(`${ISSUER}/oauth/introspect`)
  expect(request?.redirect).toBe("manual")
  expect(await request?.text()).toBe("token=a+b%26c")
  const basic = Buffer.from(request?.headers.get("authorization")?.slice("Basic ".length) ?? "", "base64")
  expect(basic.toString()).toBe("notes-api:alchemy_cs_very%3Asecret%2B%25%2F")
})

test.each([
  [401, "refused", /refuses the credentials of the resource server notes-api/],
  [403, "refused", /authchemy clients add notes-api --confidential --resource-server/],
  [302, "malformed", /answered 302/],
  [404, "malformed", /answered 404/],
  [400, "malformed", /answered 400/],
  [429, "unreachable", /answered 429/],
  [500, "unreachable", /answered 500/],
  [503, "unreachable", /answered 503/],
] as const)(
  "S57 %i is an error (%s), and nothing of the answer or of the secret is in it",
  async (status, reason, message) => {
    const headers = { location: "https://evil.example/" }
    const { server, requests } = serverThat(() => new Response("\u001b[31m{}", { status, headers }))
    const error = await server
      .post("/oauth/introspect", { token: "t0ken" }, 1_000)
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(StoreUnavailableError)
    expect(error).toMatchObject({
      reason,
      code: "store_unavailable",
      message: expect.stringMatching(message),
    })
    const told = String((error as Error).stack)
    for (const secret of ["t0ken", "secret", "\u001b", "evil"]) expect(told).not.toContain(secret)
    expect(requests).toHaveLength(1)
  },
)

test("S57 an answer that is no JSON, or too long, or breaks off, is an error", async () => {
  const { server: noJson } = serverThat(() => new Response("<html>"))
  await expect(noJson.post("/x", {}, 1_000)).rejects.toMatchObject({ reason: "malformed" })
  let sent = 0
  const endless = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 65_536
        controller.enqueue(new Uint8Array(65_536).fill(32))
      },
    })
  const { server: long } = serverThat(() => new Response(endless()))
  await expect(long.post("/x", {}, 10_000)).rejects.toMatchObject({ reason: "malformed" })
  expect(sent).toBeLessThan(5 * 1024 * 1024)
  const broken = () => new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) })
  const { server: breaking } = serverThat(() => new Response(broken()))
  await expect(breaking.post("/x", {}, 1_000)).rejects.toMatchObject({ reason: "unreachable" })
})

test("S57 a server that cannot be reached, or does not answer in time", async () => {
  const { server: gone } = serverThat(() => Promise.reject(new TypeError("fetch failed")))
  await expect(gone.post("/x", {}, 1_000)).rejects.toMatchObject({
    reason: "unreachable",
    cause: expect.any(TypeError),
  })
  const { server: silent } = serverThat(
    (request) =>
      new Promise((_resolve, reject) =>
        request.signal.addEventListener("abort", () => reject(request.signal.reason)),
      ),
  )
  await expect(silent.post("/x", {}, 20)).rejects.toMatchObject({ reason: "unreachable" })
})

test.each([
  ["http://auth.example.com", /https/],
  ["http://localhost.example.com", /https/],
  ["ftp://localhost", /https/],
  ["auth.example.com", /URL/],
  ["", /URL/],
  ["https://auth.example.com/tenant", /origin/],
  ["https://user:secret@auth.example.com", /origin/],
  ["https://auth.example.com?x=1", /origin/],
])("an issuer that credentials must not be sent to: %s", (issuer, message) => {
  expect(() => serverThat(() => jsonResponse({}), issuer)).toThrow(message)
})

test.each([
  "https://auth.example.com/",
  "http://localhost:4000",
  "http://127.0.0.1:4000",
  "http://[::1]:4000",
])("an issuer that they may be sent to: %s", async (issuer) => {
  const { server, requests } = serverThat(() => jsonResponse({}), issuer)
  await server.post("/x", {}, 1_000)
  expect(requests[0]?.url).toBe(`${new URL(issuer).origin}/x`)
})

test("credentials must be there", () => {
  const options = { issuer: ISSUER, fetch }
  expect(() => createAuthorizationServer({ ...options, clientId: "", clientSecret: "x" })).toThrow(TypeError)
  expect(() => createAuthorizationServer({ ...options, clientId: "x", clientSecret: "" })).toThrow(TypeError)
})
