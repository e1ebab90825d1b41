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

test("S17, S19 to the provider, and back to where the person came from, signed in", async () => {
  upstream.person = { sub: "1", email: "ada@example.com", email_verified: true, name: "Ada" }
  await browser.get("/sign-in?return_to=/login?x=1")
  expect(browser.page).toContain("Continue with <bdi>&lt;b&gt;Acme&lt;/b&gt;</bdi>")
  const planted = await under.signIn("mallory@example.com")
  browser = openBrowser(under, planted)
  const begun = await browser.post(START, { return_to: "/login?x=1" })
  expect(begun.status).toBe(200)
  expect(refreshOf(begun)).toMatch(new RegExp(`^${upstream.issuer}/`))
  expect(begun.headers.get("content-security-policy")).toMatch(/form-action 'self'$/)
  expect(browser.page).toContain(`href="${refreshOf(begun).replaceAll("&", "&amp;")}">Continue</a>`)
  expect(seeOther(await through(begun))).toEqual([303, "/login?x=1"])
  await browser.get("/security")
  expect(browser.page).toContain("<bdi>ada@example.com</bdi>")
  expect(browser.cookies()).not.toContain(planted)
  // Nothing is asked after a password that is not there, and a fresh sign-in confirms.
  expect(browser.page).toContain("This account has no password.")
  expect(browser.page).not.toMatch(/autocomplete="current-password"/)
  const set = await browser.post("/security/password", { next: PASSWORD })
  expect(seeOther(set)).toEqual([303, "/security?done=password-set&ended=0"])
})

test.each(["//evil.example", "/\\evil.example", "https:evil.example"])(
  "S15 return_to %j does not come back from a provider",
  async (return_to) => {
    upstream.person = { sub: "1", email: "ada@example.com", email_verified: true }
    expect(seeOther(await through(await browser.post(START, { return_to })))).toEqual([303, "/"])
  },
)

test("S15 and is checked again, whatever the accounts say", async () => {
  const { providers } = under.accounts
  const complete = providers.complete
  providers.complete = async () => ({
    ok: true,
    step: "signed_in",
    setCookies: [],
    returnTo: "//evil.example",
  })
  try {
    expect(seeOther(await browser.get(CALLBACK))).toEqual([303, "/"])
  } finally {
    providers.complete = complete
  }
})

test("declined there: 401, the sign-in page says so, and the way back is kept", async () => {
  upstream.person = { error: "access_denied" }
  const response = await through(await browser.post(START, { return_to: "/login?x=1" }))
  expect(response.status).toBe(401)
  expect(browser.page).toContain("was declined")
  expect(browser.page).toContain('name="return_to" value="/login?x=1"')
  expect(browser.page).not.toContain("<b>Acme")
})

test("an answer that nobody waits for is refused in words", async () => {
  expect((await browser.get(`${CALLBACK}?code=x&state=y`)).status).toBe(401)
  expect(browser.page).toContain("<title>Not signed in")
})

test("a provider out of reach: 503, named, with what to do, and a line in the log", async () => {
  const response = await browser.post("/sign-in/providers/gone", { return_to: "/login?x=1" })
  expect(response.status).toBe(503)
  expect(browser.page).toContain("<h1><bdi>Gone</bdi> cannot be reached</h1>")
  expect(browser.page).toMatch(/action="\/sign-in\/providers\/gone">.*value="\/login\?x=1">.*Try again/)
  expect(browser.page).toContain('href="/sign-in?return_to=%2Flogin%3Fx%3D1"')
  expect(
    under.log.filter((line) => line.includes('"gone"') && /"level":"?(warn|40|error|50)/.test(line)),
  ).not.toEqual([])
})

test("a provider that is not there: 404", async () => {
  for (const id of ["none", "__proto__"]) {
    expect((await browser.post(`/sign-in/providers/${id}`)).status).toBe(404)
    expect((await browser.get(`/sign-in/providers/${id}/callback`)).status).toBe(404)
  }
})

test("another site's page begins nothing", async () => {
  const foreign = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }
  const response = await browser.post(START, {}, foreign)
  expect(response.status).toBe(403)
  expect(response.headers.getSetCookie()).toEqual([])
})
