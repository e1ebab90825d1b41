import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { codeOf } from "../../accounts/accounts-testing.ts"
import { type AppUnderTest, openAppUnderTest, PASSWORD } from "../testing.ts"
import { type BrowserUnderTest, openBrowser, seeOther } from "./testing.ts"

let under: AppUnderTest
let email: string
let secret: string
let recoveryCodes: string[]
let number = 0

beforeAll(async () => {
  under = await openAppUnderTest()
})
afterAll(() => under.close())
beforeEach(async () => {
  under.forgetAttempts()
  email = `ann${number++}@example.com`
  const browser = openBrowser(under, await under.signIn(email))
  await browser.get("/security")
  await browser.follow(await browser.post("/security/second-factor", { password: PASSWORD }))
  secret = secretIn(browser.page)
  await browser.post("/security/second-factor/confirm", { code: codeOf(secret, -1) })
  recoveryCodes = [...browser.page.matchAll(/<li>([a-z0-9]{5}-[a-z0-9]{5})<\/li>/g)].map(
    ([, code = ""]) => code,
  )
})

const PATH = "/sign-in/second-factor"

function secretIn(page: string): string {
  const [, markup = ""] = /id="totp-secret">(.*?)<\/code>/.exec(page) ?? []
  return markup.replace(/<[^>]*>/g, "")
}

/** A browser that has given the password. */
async function withPassword(returnTo = "/login?x=1"): Promise<BrowserUnderTest> {
  const browser = openBrowser(under)
  const response = await browser.post("/sign-in", { email, password: PASSWORD, return_to: returnTo })
  expect(seeOther(response)).toEqual([303, `${PATH}?return_to=${encodeURIComponent(returnTo)}`])
  await browser.follow(response)
  return browser
}

async function isSignedIn(browser: BrowserUnderTest): Promise<boolean> {
  return (await browser.get("/security")).status === 200
}

test("S19 the password leads to the code, and the code leads back", async () => {
  const browser = await withPassword()
  expect(await isSignedIn(browser)).toBe(false)
  await browser.get(`${PATH}?return_to=/login?x=1`)
  expect(browser.page).toMatch(
    /<input id="code"[^>]* autocomplete="one-time-code"[^>]* inputmode="numeric"[^>]* autofocus/,
  )
  const response = await browser.post(PATH, { code: codeOf(secret), return_to: "/login?x=1" })
  expect(seeOther(response)).toEqual([303, "/login?x=1"])
  expect(await isSignedIn(browser)).toBe(true)
})

test("a recovery code does in the same field, once; a page for it brings another keyboard", async () => {
  const [code = ""] = recoveryCodes
  expect(recoveryCodes).toHaveLength(10)
  const browser = await withPassword()
  const [, other = ""] = /<a href="([^"]*)">Type a recovery code instead/.exec(browser.page) ?? []
  await browser.get(other.replaceAll("&amp;", "&"))
  expect(browser.page).toContain('inputmode="text"')
  expect(browser.page).toContain('name="return_to" value="/login?x=1"')
  const response = await browser.post(PATH, { code, with: "recovery", return_to: "/login?x=1" })
  expect(seeOther(response)).toEqual([303, "/login?x=1"])
  const again = await withPassword()
  expect((await again.post(PATH, { code, with: "recovery" })).status).toBe(400)
  expect(again.page).toContain('inputmode="text"')
})

test("a wrong code is said beside the field and in the summary; five end the attempt, and the sign-in page says so", async () => {
  const browser = await withPassword()
  for (let attempt = 1; attempt < 10; attempt++) {
    const response = await browser.post(PATH, { code: "000000", return_to: "/login?x=1" })
    if (!browser.page.includes('id="code-problem"')) {
      expect(response.status).toBe(401)
      break
    }
    expect(response.status).toBe(400)
    expect(browser.page).toMatch(/role="alert"[^>]*><a href="#code">/)
    expect(browser.page).not.toContain("000000")
    expect(attempt).toBeLessThan(6)
  }
  expect(browser.page).toContain("<h1>Sign in</h1>")
  expect(browser.page).toContain('name="return_to" value="/login?x=1"')
  expect(browser.page).toContain("<title>Not signed in")
})

test("where no sign-in waits, the way back leads to the sign-in page, and nothing is tried", async () => {
  const browser = openBrowser(under)
  const expected = [303, "/sign-in?return_to=%2Flogin%3Fx%3D1"]
  expect(seeOther(await browser.get(`${PATH}?return_to=/login?x=1`))).toEqual(expected)
  expect(seeOther(await browser.post(PATH, { code: "123456", return_to: "/login?x=1" }))).toEqual(expected)
})

test("S15 the way back is checked before and after", async () => {
  const browser = await withPassword()
  await browser.get(`${PATH}?return_to=//evil.example`)
  expect(browser.page).not.toContain("evil.example")
  const response = await browser.post(PATH, { code: codeOf(secret), return_to: "/\\evil.example" })
  expect(seeOther(response)).toEqual([303, "/"])
})

test("S17 a session cookie planted before does not become the one after", async () => {
  const planted = await under.signIn("mallory@example.com")
  const browser = openBrowser(under, planted)
  await browser.post("/sign-in", { email, password: PASSWORD })
  await browser.post(PATH, { code: codeOf(secret) })
  await browser.get("/security")
  expect(browser.page).toContain(email)
  expect(browser.cookies()).not.toContain(planted)
})

test("another site's page cannot answer", async () => {
  const browser = await withPassword()
  const foreign = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }
  expect((await browser.post(PATH, { code: codeOf(secret) }, foreign)).status).toBe(403)
  expect(await isSignedIn(browser)).toBe(false)
})
