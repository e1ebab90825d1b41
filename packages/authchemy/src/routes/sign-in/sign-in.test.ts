import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, cookiesOf, form, ISSUER, openAppUnderTest, PASSWORD } from "../testing.ts"

let under: AppUnderTest

beforeAll(async () => {
  under = await openAppUnderTest()
  await under.signIn()
})
afterAll(() => under.close())

const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  under.app.request(path, form(fields, headers))
const credentials = { email: "ann@example.com", password: PASSWORD }

describe("signing in", () => {
  test("S19 a posted password is answered with 303, a cookie, and the way back", async () => {
    const returnTo = "/login?redirectUrl=http%3A%2F%2F127.0.0.1%3A1%2Fcallback&state=a%26b"
    const response = await post("/sign-in", { ...credentials, return_to: returnTo })
    expect(response.status).toBe(303)
    expect(response.headers.get("location")).toBe(returnTo)
    expect(cookiesOf(response)).not.toBe("")
  })

  test("S19 a new account is answered with 303 and is signed in", async () => {
    const fields = { email: "new@example.com", name: "New", password: PASSWORD, return_to: "/" }
    const response = await post("/create-account", fields)
    expect(response.status).toBe(303)
    const home = await under.app.request("/", { headers: { Cookie: cookiesOf(response) } })
    expect(await home.text()).toContain("new@example.com")
  })

  test.each([
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    " /x",
    "/.//evil.example",
    "/x/..//evil.example",
    "/\u0000",
    "evil",
    "",
    "?x",
  ])("S15 return_to %j leads nowhere but home", async (return_to) => {
    const response = await post("/sign-in", { ...credentials, return_to })
    expect(response.headers.get("location")).toBe("/")
    const page = await (await under.app.request(`/sign-in?${new URLSearchParams({ return_to })}`)).text()
    expect(page).toContain('name="return_to" value="/"')
    const signedOut = await post("/sign-out", { return_to })
    expect(signedOut.headers.get("location")).toBe("/")
  })

  test("a wrong password: 401, the email is kept, the password is not, and the reason is read out", async () => {
    const response = await post("/sign-in", {
      ...credentials,
      password: "wrong-password",
      return_to: "/login?x=1",
    })
    expect(response.status).toBe(401)
    expect(response.headers.getSetCookie()).toEqual([])
    const page = await response.text()
    expect(page).toContain('value="ann@example.com"')
    expect(page).toContain('value="/login?x=1"')
    expect(page).not.toContain("wrong-password")
    expect(page).toMatch(/role="alert"[^>]*>The email or the password is wrong/)
  })

  test("a field that is refused: 400, tied to its message", async () => {
    const fields = { email: "new@example.com", name: "New", password: "short" }
    const response = await post("/create-account", fields)
    expect(response.status).toBe(400)
    const page = await response.text()
    expect(page).toContain('aria-invalid="true" aria-describedby="password-problem password-hint"')
    expect(page).toContain('id="password-problem"')
    expect(page).toContain('value="New"')
    expect(page).not.toContain("short")
  })

  test("ten wrong passwords, and the right one: 429 with Retry-After", async () => {
    const email = "limited@example.com"
    await under.signIn(email)
    for (let attempt = 0; attempt < 10; attempt++) {
      expect((await post("/sign-in", { email, password: "wrong-password" })).status).toBe(401)
    }
    const response = await post("/sign-in", { email, password: PASSWORD })
    expect(response.status).toBe(429)
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
    expect(response.headers.getSetCookie()).toEqual([])
  })

  test("S17 a session cookie planted before sign-in: a new session id after it, and the planted one stays what it was", async () => {
    const planted = await under.signIn("mallory@example.com")
    const response = await post("/sign-in", credentials, { Cookie: planted })
    const own = cookiesOf(response)
    expect(own).not.toBe("")
    expect(own).not.toBe(planted)
    const browserOf = (Cookie: string) =>
      under.accounts.browserSession(new Request(ISSUER, { headers: { Cookie } }))
    const [before, after] = [await browserOf(planted), await browserOf(own)]
    expect(before?.account.email).toBe("mallory@example.com")
    expect(after?.account.email).toBe("ann@example.com")
    expect(after?.sessionId).not.toBe(before?.sessionId)
  })

  test("S17 a made-up session cookie is not adopted", async () => {
    const name = (await under.signIn()).split("=")[0]
    const response = await post("/sign-in", credentials, { Cookie: `${name}=chosen-by-mallory` })
    expect(response.status).toBe(303)
    expect(cookiesOf(response)).not.toContain("chosen-by-mallory")
  })

  test("the session's cookie is out of reach of scripts and of other sites' forms", async () => {
    const response = await post("/sign-in", credentials)
    for (const cookie of response.headers.getSetCookie()) {
      expect(cookie).toMatch(/; HttpOnly/i)
      expect(cookie).toMatch(/; SameSite=Lax/i)
    }
  })

  test("S14 what was typed is shown as text", async () => {
    const markup = `"><script>alert(1)</script>`
    const signIn = await post("/sign-in", { email: markup, password: "wrong", return_to: `/${markup}` })
    const signUp = await post("/create-account", { email: markup, name: markup, password: "short" })
    for (const response of [signIn, signUp]) expect(await response.text()).not.toContain("<script>")
  })

  test("whoever is signed in is not asked again", async () => {
    const cookie = await under.signIn()
    for (const path of ["/sign-in", "/create-account"]) {
      const response = await under.app.request(`${path}?return_to=/login`, { headers: { Cookie: cookie } })
      expect([response.status, response.headers.get("location")]).toEqual([303, "/login"])
    }
  })

  test("a foreign page can neither sign a browser in, nor make an account, nor sign it out", async () => {
    const cookie = await under.signIn()
    const foreign = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site", Cookie: cookie }
    for (const path of ["/sign-in", "/create-account", "/sign-out"]) {
      const response = await post(path, { ...credentials, name: "" }, foreign)
      expect(response.status).toBe(403)
      expect(response.headers.getSetCookie()).toEqual([])
    }
    const home = await under.app.request("/", { headers: { Cookie: cookie } })
    expect(home.status).toBe(200)
  })

  test("signing out ends the browser's session and leads back", async () => {
    const cookie = await under.signIn()
    const response = await post("/sign-out", { return_to: "/login?x=1" }, { Cookie: cookie })
    expect([response.status, response.headers.get("location")]).toEqual([303, "/login?x=1"])
    const home = await under.app.request("/", { headers: { Cookie: cookie } })
    expect(home.headers.get("location")).toBe("/sign-in?return_to=%2F")
  })

  test("an account can be created only where sign-up is open", async () => {
    const closed = await openAppUnderTest({ signUp: { kind: "closed" } })
    expect(await (await closed.app.request("/sign-in")).text()).not.toContain("/create-account")
    expect((await closed.app.request("/create-account")).status).toBe(403)
    const fields = { ...credentials, name: "" }
    expect((await closed.app.request("/create-account", form(fields))).status).toBe(403)
    await closed.close()
  })
})
