import { afterAll, beforeAll, expect, test } from "vitest"
import { APPROVAL_LIFETIME_MS } from "./approval-request.ts"
import { type AppUnderTest, form, loginQuery, openAppUnderTest, sealedRequestIn } from "./testing.ts"

let under: AppUnderTest
let cookie: string

beforeAll(async () => {
  under = await openAppUnderTest()
  cookie = await under.signIn()
})
afterAll(() => under.close())

const answer = (fields: Record<string, string>, headers: Record<string, string> = { Cookie: cookie }) =>
  under.app.request("/login", form(fields, headers))

async function sealed(): Promise<string> {
  const response = await under.app.request(`/login?${loginQuery().query}`, { headers: { Cookie: cookie } })
  return sealedRequestIn(await response.text())
}

test.each([
  ["no seal", async () => ({ decision: "approve" })],
  ["an empty seal", async () => ({ decision: "approve", request: "" })],
  ["a changed seal", async () => ({ decision: "approve", request: `x${await sealed()}` })],
  ["a seal with another payload", async () => ({ decision: "approve", request: await swapped() })],
])("S16 approval posted with %s: 403, nothing approved", async (_, fields) => {
  const response = await answer(await fields())
  expect(response.status).toBe(403)
  expect(response.headers.get("location")).toBeNull()
})

async function swapped() {
  const [payload = "", mac = ""] = (await sealed()).split(".")
  const request: unknown = JSON.parse(Buffer.from(payload, "base64url").toString())
  const changed = { ...(request as object), redirectUri: "http://127.0.0.1:666/callback" }
  return `${Buffer.from(JSON.stringify(changed)).toString("base64url")}.${mac}`
}

test.each([
  ["a foreign origin", { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }],
  [
    "a foreign origin that says it is ours",
    { Origin: "https://evil.example", "Sec-Fetch-Site": "same-origin" },
  ],
  ["a sibling site", { Origin: "http://localhost:4001", "Sec-Fetch-Site": "same-site" }],
  ["the same host on another port", { Origin: "http://127.0.0.1:4001", "Sec-Fetch-Site": "" }],
  ["an opaque origin", { Origin: "null", "Sec-Fetch-Site": "cross-site" }],
  ["an opaque origin and no word of its site", { Origin: "null", "Sec-Fetch-Site": "" }],
  ["an origin that is no URL", { Origin: "evil", "Sec-Fetch-Site": "" }],
])("S16 approval from %s: 403, nothing approved", async (_, headers) => {
  const request = await sealed()
  const init = form({ request, decision: "approve" }, { Cookie: cookie, ...headers })
  const sent = new Headers(init.headers)
  if (headers["Sec-Fetch-Site"] === "") sent.delete("sec-fetch-site")
  const response = await under.app.request("/login", { ...init, headers: sent })
  expect(response.status).toBe(403)
  expect(response.headers.get("location")).toBeNull()
})

test.each(["http://localhost:4000", "http://127.0.0.1:4000", "http://[::1]:4000"])(
  "approval from our own page at %s is taken",
  async (origin) => {
    const headers = { Cookie: cookie, Origin: origin }
    expect((await answer({ request: await sealed(), decision: "approve" }, headers)).status).toBe(303)
  },
)

test("a client that sends neither header is taken with the seal", async () => {
  const init = form({ request: await sealed(), decision: "approve" }, { Cookie: cookie })
  const sent = new Headers(init.headers)
  sent.delete("origin")
  sent.delete("sec-fetch-site")
  expect((await under.app.request("/login", { ...init, headers: sent })).status).toBe(303)
})

test("S18 approved in browser B what browser A began: refused, for the same account too", async () => {
  const request = await sealed()
  for (const email of ["bob@example.com", "ann@example.com"]) {
    const other = await under.signIn(email)
    expect((await answer({ request, decision: "approve" }, { Cookie: other })).status).toBe(403)
  }
  expect((await answer({ request, decision: "approve" }, {})).status).toBe(403)
  expect((await answer({ request, decision: "approve" })).status).toBe(303)
})

test("an approval page can be answered for ten minutes", async () => {
  const request = await sealed()
  under.clock.now += APPROVAL_LIFETIME_MS
  expect((await answer({ request, decision: "approve" })).status).toBe(303)
  under.clock.now += 1
  expect((await answer({ request, decision: "approve" })).status).toBe(403)
})
