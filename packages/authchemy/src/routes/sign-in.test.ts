import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, cookiesOf, form, ISSUER, openAppUnderTest, PASSWORD } from "./testing.ts"

let under: AppUnderTest

beforeAll(async () => {
  under = await openAppUnderTest()
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
    expect(page).toMatch(/role="alert">The email or the password is wrong/)
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

  test("too many attempts: 429 with Retry-After", async () => {
    const response = await post("/sign-in", { ...credentials, email: "limited@example.com" })
    expect(response.status).toBe(429)
    expect(response.headers.get("retry-after")).toBe("30")
  })

  test("S14 what was typed is shown as text", async () => {
    const markup = `"><script>alert(1)</script>`
    const signIn = await post("/sign-in", { email: markup, password: "wrong", return_to: `/${markup}` })
    const signUp = await post("/create-account", { email: markup, name: markup, password: "short" })
    for (const response of [signIn, signUp]) expect(await response.text()).not.toContain("<script")
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
    const closed = await openAppUnderTest({ signUpAllowed: false })
    expect(await (await closed.app.request("/sign-in")).text()).not.toContain("/create-account")
    expect((await closed.app.request("/create-account")).status).toBe(403)
    const fields = { ...credentials, name: "" }
    expect((await closed.app.request("/create-account", form(fields))).status).toBe(403)
    await closed.close()
  })
})

describe("every response", () => {
  test.each([
    ["/sign-in", 200],
    ["/create-account", 200],
    ["/login", 400],
    ["/nothing", 404],
    ["/sign-out", 405],
  ])(
    "S13 S20 the page at %s cannot be framed, cached or leak its address, and loads nothing from elsewhere",
    async (path, status) => {
      const response = await under.app.request(path, { headers: { Accept: "text/html" } })
      expect(response.status).toBe(status)
      const policy = response.headers.get("content-security-policy") ?? ""
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/script|unsafe|https?:/)
      expect(response.headers.get("x-frame-options")).toBe("DENY")
      expect(response.headers.get("referrer-policy")).toBe("no-referrer")
      expect(response.headers.get("cache-control")).toBe("no-store")
      expect(response.headers.get("x-content-type-options")).toBe("nosniff")
      expect(response.headers.get("strict-transport-security")).toBeNull()
      const page = await response.text()
      expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
      expect(page).not.toMatch(/<script|\son\w+=|style=|(?:src|href)="(?:https?:)?\/\//)
      expect(page.length).toBeLessThan(30_000)
    },
  )

  test("an https issuer is told to browsers to be kept", async () => {
    const secure = await openAppUnderTest({ issuer: "https://auth.example" })
    const response = await secure.app.request("/sign-in")
    expect(response.headers.get("strict-transport-security")).toMatch(/^max-age=\d{7,}/)
    await secure.close()
  })

  test("an unknown path: a page for browsers, JSON for programs", async () => {
    const program = await under.app.request("/nothing")
    expect([program.status, await program.json()]).toEqual([
      404,
      expect.objectContaining({ error: "not_found" }),
    ])
    const api = await under.app.request("/v1/nothing")
    expect([api.status, await api.json()]).toEqual([404, { error: "not_found", message: expect.any(String) }])
  })

  test("a method that a path does not have: 405 with Allow", async () => {
    for (const [method, path, allow] of [
      ["PUT", "/login", "GET, POST"],
      ["DELETE", "/sign-in", "GET, POST"],
      ["GET", "/api/cli/token", "POST"],
      ["POST", "/healthz", "GET"],
    ] as const) {
      const response = await under.app.request(path, { method })
      expect([response.status, response.headers.get("allow")], path).toEqual([405, allow])
    }
  })

  test("the style sheet is under 15 kB, kept for good, and named by its content", async () => {
    const page = await (await under.app.request("/sign-in")).text()
    const path = /href="(\/assets\/style-[0-9a-f]{12}\.css)"/.exec(page)?.[1] ?? ""
    const response = await under.app.request(path)
    expect(response.headers.get("content-type")).toBe("text/css; charset=utf-8")
    expect(response.headers.get("cache-control")).toContain("immutable")
    expect((await response.text()).length).toBeLessThan(15_000)
  })

  test("a fault of the server: a page with a reference and no stack, and a log line with both", async () => {
    const broken = await openAppUnderTest({
      wrapTokens: (tokens) => ({
        ...tokens,
        redeemCode: () => Promise.reject(new Error("boom alchemy_at_secret")),
      }),
    })
    const body = JSON.stringify({ code: "c", redirect_uri: "r" })
    const headers = { "Content-Type": "application/json" }
    const response = await broken.app.request("/api/cli/token", { method: "POST", headers, body })
    expect([response.status, await response.json()]).toEqual([
      500,
      { error: "server_error", error_description: "Something went wrong on the server." },
    ])
    const logged = broken.log.find((line) => line.includes("request failed")) ?? ""
    expect(logged).toContain('"stack"')
    expect(logged).not.toContain("secret")
    await broken.close()
  })

  test("the log has one line a request, without its query", async () => {
    await under.app.request(`${ISSUER}/sign-in?return_to=/secret-place`, {
      headers: { Cookie: "a=cookie-value" },
    })
    const line: unknown = JSON.parse(under.log.at(-1) ?? "")
    expect(line).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      id: expect.any(String),
      method: "GET",
      path: "/sign-in",
      status: 200,
      ms: expect.any(Number),
      msg: "request",
    })
  })
})
