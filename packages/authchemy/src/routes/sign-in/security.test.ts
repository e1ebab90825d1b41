import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createAuthenticator } from "../../accounts/passkeys/testing.ts"
import { SECURITY_CONFIRMATIONS, SECURITY_FORMS } from "../../pages/account/security-form.ts"
import { type AppUnderTest, ISSUER, openAppUnderTest, PASSWORD } from "../testing.ts"
import { formTokenIn, objectOf, openBrowser, seeOther } from "./testing.ts"

let under: AppUnderTest
let cookie: string
const acme = {
  ...{ id: "acme", name: "Acme", issuer: "http://127.0.0.1:1", clientId: "x", clientSecret: "y" },
  ...{ scopes: ["openid"], emailDomains: null },
}

beforeAll(async () => {
  under = await openAppUnderTest({ providers: [acme] })
  cookie = await under.signIn()
})
afterAll(() => under.close())

const PAGES = [
  "/sign-in",
  "/create-account",
  "/verify-email",
  "/verify-email?token=x",
  "/verify-email?sent=1",
]
const MORE_PAGES = ["/forgot-password", "/reset-password?token=x", "/reset-password?ended=1", "/security"]
const ASKED = Object.values(SECURITY_CONFIRMATIONS).map((path) => path.replace(":id", "acme"))
const FORMS = [...Object.values(SECURITY_FORMS), ...ASKED]

test.each([...PAGES, ...MORE_PAGES])(
  "S13, S20 %s is shown in no frame, is kept by nobody and says nothing to others",
  async (path) => {
    const response = await openBrowser(under, path === "/security" ? cookie : "").get(path)
    expect(response.headers.get("x-frame-options")).toBe("DENY")
    const policy = response.headers.get("content-security-policy")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("default-src 'none'")
    expect(policy).toMatch(/form-action 'self'$/)
    expect(response.headers.get("referrer-policy")).toBe("no-referrer")
    expect(response.headers.get("cache-control")).toBe("no-store")
    const page = await response.text()
    expect(page.includes("<script")).toBe(policy?.includes("script-src 'self'"))
    expect(page.replaceAll(/<a [^>]*>/g, "")).not.toMatch(/(src|href|action)="(?!\/)/)
  },
)

test("who is not signed in signs in first, and comes back", async () => {
  const expected = [303, "/sign-in?return_to=%2Fsecurity"]
  const browser = openBrowser(under)
  expect(seeOther(await browser.get("/security"))).toEqual(expected)
  for (const path of FORMS) expect(seeOther(await browser.post(path))).toEqual(expected)
  for (const path of ASKED) {
    const returnTo = encodeURIComponent(`${path}?id=1`)
    expect(seeOther(await browser.get(`${path}?id=1`))).toEqual([303, `/sign-in?return_to=${returnTo}`])
  }
  expect((await browser.post("/security/passkeys/options")).status).toBe(401)
})

test.each(FORMS)(
  "S16 %s: without its token, with another browser's, or from another site: 403",
  async (path) => {
    const other = openBrowser(under, await under.signIn())
    await other.get("/security")
    const foreignToken = formTokenIn(other.page) ?? ""
    const fields = { password: PASSWORD, current: PASSWORD, next: "staple after staple" }
    const browser = openBrowser(under, cookie)
    expect((await browser.post(path, fields)).status).toBe(403)
    expect((await browser.post(path, { ...fields, form_token: foreignToken })).status).toBe(403)
    await browser.get("/security")
    const foreign = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }
    expect((await browser.post(path, fields, foreign)).status).toBe(403)
    expect((await browser.get("/security")).status).toBe(200)
  },
)

test("a form of yesterday: 403", async () => {
  const browser = openBrowser(under, cookie)
  await browser.get("/security")
  under.clock.now += 24 * 60 * 60 * 1000 + 1
  const fields = { current: PASSWORD, next: "staple after staple" }
  expect((await browser.post("/security/password", fields)).status).toBe(403)
})

describe("what the address says", () => {
  test("is one of few sentences, and a number", async () => {
    const browser = openBrowser(under, cookie)
    await browser.get("/security?done=password-changed&ended=3")
    expect(browser.page).toContain("Your password is changed. 3 command-line sessions have ended.")
  })

  test.each([
    "done=<b>x</b>",
    "done=__proto__",
    "done=constructor",
    "done=password-changed&ended=<b>",
    "ended=3",
  ])("S14 and never what it likes: %s", async (query) => {
    const browser = openBrowser(under, cookie)
    await browser.get(`/security?${encodeURI(query)}`)
    expect(browser.page).not.toMatch(/<b>|&lt;b|object Object|native code|command-line sessions have/)
  })
})

test("the page, its style sheet and its scripts weigh less than 30 kB, with all that can be on it", async () => {
  const browser = openBrowser(under, await under.signIn("full@example.com"))
  await browser.get("/security")
  for (const name of ["Laptop", "Telephone", "Key"]) {
    const options = await objectOf(await browser.post("/security/passkeys/options"))
    const credential = createAuthenticator({ origin: ISSUER, rpId: "localhost" }).create(options)
    await browser.follow(await browser.post("/security/passkeys", { credential, name, password: PASSWORD }))
  }
  await browser.follow(await browser.post("/security/second-factor", { password: PASSWORD }))
  let bytes = Buffer.byteLength(browser.page)
  const assets = new Set([...browser.page.matchAll(/"(\/assets\/[^"]*)"/g)].map(([, path = ""]) => path))
  expect(assets.size).toBe(4)
  for (const path of assets) bytes += (await (await under.app.request(path)).arrayBuffer()).byteLength
  expect(bytes).toBeLessThan(30_000)
})

test("an email that is not verified has a button that sends a link", async () => {
  const browser = openBrowser(under)
  const email = "new@example.com"
  await browser.post("/create-account", { email, name: "", password: PASSWORD })
  await browser.get("/security")
  expect(browser.page).toContain("Not verified")
  expect((await browser.post("/verify-email", { email })).status).toBe(200)
  expect(browser.page).toContain("Ask for the link")
})
