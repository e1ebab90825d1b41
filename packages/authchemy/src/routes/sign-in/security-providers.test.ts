import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import {
  CLIENT_ID,
  CLIENT_SECRET,
  openProviderUnderTest,
  type ProviderUnderTest,
} from "../../accounts/providers/testing.ts"
import { type AppUnderTest, ISSUER, openAppUnderTest, PASSWORD } from "../testing.ts"
import { type BrowserUnderTest, openBrowser, seeOther } from "./testing.ts"

let upstream: ProviderUnderTest
let under: AppUnderTest
let browser: BrowserUnderTest
const START = "/sign-in/providers/acme"
const CALLBACK = `${START}/callback`

beforeAll(async () => {
  upstream = await openProviderUnderTest({ redirectUri: `${ISSUER}${CALLBACK}` })
  const shared = {
    ...{ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET },
    ...{ scopes: ["openid", "email", "profile"], emailDomains: null },
  }
  under = await openAppUnderTest({
    providers: [
      { id: "acme", name: "<b>Acme</b>", issuer: upstream.issuer, ...shared },
      { id: "gone", name: "Gone", issuer: "http://127.0.0.1:1", ...shared },
    ],
  })
})
afterAll(async () => {
  await under.close()
  await upstream.close()
})
beforeEach(() => {
  browser = openBrowser(under)
})

/** Where the browser goes on to by itself. */
function refreshOf(response: Response): string {
  const [, url = ""] = /^0; url=(http.*)$/.exec(response.headers.get("refresh") ?? "") ?? []
  return url
}
/** To the provider and back. */
async function through(response: Response): Promise<Response> {
  const back = new URL(await upstream.visit(refreshOf(response)))
  return browser.get(back.pathname + back.search)
}

test("S48 connected with the password, and disconnected again", async () => {
  browser = openBrowser(under, await under.signIn("bea@example.com"))
  upstream.person = { sub: "bea", email: "elsewhere@example.com", email_verified: true }
  await browser.get("/security")
  const link = "/security/providers/acme/link"
  const unlink = "/security/providers/acme/unlink"
  expect(seeOther(await browser.get(unlink))).toEqual([303, "/security"])
  await browser.get(link)
  expect(browser.page).toContain("<h1>Connect this provider?</h1>")
  expect((await browser.post(link, { password: "wrong" })).status).toBe(400)
  expect(browser.page).toMatch(/role="alert"[^>]*><a href="#password">/)
  expect(browser.page).toContain("<h1>Connect this provider?</h1>")
  const response = await through(await browser.post(link, { password: PASSWORD }))
  expect(seeOther(response)).toEqual([303, "/security?done=provider-connected"])
  await browser.follow(response)
  expect(browser.page).toContain("The provider is connected.")

  expect(seeOther(await browser.get(link))).toEqual([303, "/security"])
  await browser.get(unlink)
  expect(browser.page).toContain("<h1>Disconnect this provider?</h1>")
  expect((await browser.post(unlink, { password: "wrong" })).status).toBe(400)
  expect(browser.page).toContain('id="password-problem"')
  const removed = await browser.post(unlink, { password: PASSWORD })
  expect(seeOther(removed)).toEqual([303, "/security?done=provider-disconnected&ended=0"])
})

test("connecting what was declined, or is out of reach, comes back to Security, and nothing has changed", async () => {
  browser = openBrowser(under, await under.signIn("cal@example.com"))
  upstream.person = { error: "access_denied" }
  await browser.get("/security")
  const response = await through(await browser.post("/security/providers/acme/link", { password: PASSWORD }))
  expect(response.status).toBe(401)
  expect(browser.page).toContain("<h1>Security</h1>")
  expect(browser.page).toMatch(/role="alert"[^>]*>[^<]*declined/)
  const gone = await browser.post("/security/providers/gone/link", { password: PASSWORD })
  expect(gone.status).toBe(503)
  expect(browser.page).toContain('href="/security"')
  await browser.get("/security")
  expect((await browser.get("/security/providers/none/link")).status).toBe(404)
  await browser.get("/security")
  expect((await browser.post("/security/providers/none/link", { password: PASSWORD })).status).toBe(404)
})

test("the last way to sign in stays", async () => {
  upstream.person = { sub: "dan", email: "dan@example.com", email_verified: true }
  await through(await browser.post(START))
  await browser.get("/security")
  expect((await browser.post("/security/providers/acme/unlink")).status).toBe(400)
  expect(browser.page).toMatch(/role="alert"[^>]*>[^<]*only way to sign in/)
})
