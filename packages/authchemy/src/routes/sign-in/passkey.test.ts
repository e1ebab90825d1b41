import { afterAll, beforeAll, expect, test } from "vitest"
import { createAuthenticator } from "../../accounts/passkeys/testing.ts"
import { type AppUnderTest, ISSUER, openAppUnderTest, PASSWORD } from "../testing.ts"
import { objectOf, openBrowser, seeOther } from "./testing.ts"

let under: AppUnderTest
const authenticator = createAuthenticator({ origin: ISSUER, rpId: "localhost" })

beforeAll(async () => {
  under = await openAppUnderTest()
  const browser = openBrowser(under, await under.signIn())
  await browser.get("/security")
  const options = await objectOf(await browser.post("/security/passkeys/options"))
  const credential = authenticator.create(options)
  const added = await browser.post("/security/passkeys", { credential, name: "Laptop", password: PASSWORD })
  expect(seeOther(added)).toEqual([303, "/security?done=passkey-added"])
})
afterAll(() => under.close())

test("S17, S19 a passkey signs in with 303 and a new session, and leads back", async () => {
  const planted = await under.signIn("mallory@example.com")
  const browser = openBrowser(under, planted)
  const options = await objectOf(await browser.post("/sign-in/passkey/options"))
  const credential = authenticator.get(options)
  const response = await browser.post("/sign-in/passkey", { credential, return_to: "/login?x=1" })
  expect(seeOther(response)).toEqual([303, "/login?x=1"])
  await browser.get("/security")
  expect(browser.page).toContain("ann@example.com")
  expect(browser.cookies()).not.toContain(planted)
})

test("the options are JSON, kept by nobody, and bound to the browser by a cookie", async () => {
  const response = await openBrowser(under).post("/sign-in/passkey/options")
  expect(response.headers.get("content-type")).toMatch(/^application\/json/)
  expect(response.headers.get("cache-control")).toBe("no-store")
  expect(response.headers.getSetCookie()).toHaveLength(1)
  expect(await response.json()).toMatchObject({ challenge: expect.any(String), userVerification: "required" })
})

test.each(["", "{", JSON.stringify({ id: "x" }), "x".repeat(9000)])(
  "what is no passkey's answer is refused in words on the sign-in page",
  async (credential) => {
    const browser = openBrowser(under)
    await browser.post("/sign-in/passkey/options")
    const response = await browser.post("/sign-in/passkey", { credential, return_to: "/login?x=1" })
    expect(response.status).toBe(401)
    expect(browser.page).toContain("<title>Not signed in")
    expect(browser.page).toMatch(/role="alert" tabindex="-1" autofocus>[A-Z]/)
    expect(browser.page).toContain('name="return_to" value="/login?x=1"')
  },
)

test("S15 the way back is checked", async () => {
  const browser = openBrowser(under)
  const options = await objectOf(await browser.post("/sign-in/passkey/options"))
  const credential = authenticator.get(options)
  const response = await browser.post("/sign-in/passkey", { credential, return_to: "//evil.example" })
  expect(seeOther(response)).toEqual([303, "/"])
})

test("another site's page gets no options and signs nobody in", async () => {
  const foreign = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }
  for (const path of ["/sign-in/passkey/options", "/sign-in/passkey"]) {
    const response = await openBrowser(under).post(path, {}, foreign)
    expect(response.status).toBe(403)
    expect(response.headers.getSetCookie()).toEqual([])
  }
})

test("what begins and is kept is counted by address, and told when to try again", async () => {
  const browser = openBrowser(under)
  const statuses = new Set<number>()
  let last: Response | null = null
  for (let asked = 0; asked <= 300; asked++) {
    last = await browser.post("/sign-in/passkey/options")
    statuses.add(last.status)
  }
  expect([...statuses]).toEqual([200, 429])
  expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(0)
  under.forgetAttempts()
  expect((await browser.post("/sign-in/passkey/options")).status).toBe(200)
})
