import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, ISSUER, openAppUnderTest, PASSWORD } from "./routes/testing.ts"

let under: AppUnderTest

beforeAll(async () => {
  under = await openAppUnderTest()
})
afterAll(() => under.close())

describe("every response", () => {
  test.each([
    ["/sign-in", 200],
    ["/create-account", 200],
    ["/login", 400],
    ["/nothing", 404],
    ["/sign-in/passkey/options", 405],
  ])(
    "S13 S20 the page at %s cannot be framed, cached or leak its address, and loads nothing from elsewhere",
    async (path, status) => {
      const response = await under.app.request(path, { headers: { Accept: "text/html" } })
      expect(response.status).toBe(status)
      const policy = response.headers.get("content-security-policy") ?? ""
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe|https?:/)
      expect(response.headers.get("x-frame-options")).toBe("DENY")
      expect(response.headers.get("referrer-policy")).toBe("no-referrer")
      expect(response.headers.get("cache-control")).toBe("no-store")
      expect(response.headers.get("x-content-type-options")).toBe("nosniff")
      expect(response.headers.get("strict-transport-security")).toBeNull()
      const page = await response.text()
      expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
      const ownScripts = /<script type="module" src="\/assets\/[\w-]+\.js"><\/script>/g
      expect(policy.includes("script-src 'self'")).toBe(ownScripts.test(page))
      const rest = page.replaceAll(ownScripts, "")
      expect(rest).not.toMatch(/<script|\son\w+=|style=|(?:src|href)="(?:https?:)?\/\//)
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
    const account = await under.accounts.administration.create({
      email: "ann@example.com",
      password: PASSWORD,
      name: "Ann",
    })
    const session = { ...ALCHEMY_GRANT, accountId: account.id, expiresInSeconds: 60, device: {} }
    const { token } = await under.tokens.createSession(session)
    const headers = { Authorization: `Bearer ${token}`, Accept: "text/html" }
    const api = await under.app.request("/v1/nothing", { headers })
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

  test.each([
    ["/sign-out", "/"],
    ["/sign-in/passkey", "/sign-in"],
    ["/sign-in/providers/acme", "/sign-in"],
    ["/security/password", "/security"],
    ["/security/passkeys", "/security"],
    ["/security/second-factor", "/security"],
    ["/security/second-factor/confirm", "/security"],
    ["/security/second-factor/recovery-codes", "/security"],
    ["/security/second-factor/remove", "/security"],
    ["/apps/app_1/networks", "/apps/app_1"],
  ])("%s takes a form only: who opens it is led to %s", async (path, page) => {
    const response = await under.app.request(path)
    expect([response.status, response.headers.get("location")]).toEqual([303, page])
    expect(response.headers.get("cache-control")).toBe("no-store")
  })

  test("every form of a page is posted where a page can be opened", async () => {
    const { routes } = under.app
    const has = (method: string, path: string) =>
      routes.some((route) => route.method === method && route.path === path)
    const posted = routes.filter(({ method }) => method === "POST").map(({ path }) => path)
    const forPrograms = /^\/(?:api|oauth|v1)\/|\/options$/
    const onlyPosted = posted.filter((path) => !forPrograms.test(path) && !has("GET", path))
    expect(posted).toContain("/security/password")
    expect(onlyPosted).toEqual([])
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
