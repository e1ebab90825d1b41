import type { DeviceClaims } from "@authchemy/protocol"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { FORM_LIFETIME_MS } from "../form-token.ts"
import { type AppUnderTest, form, loginQuery, openAppUnderTest, STORES, sealedRequestIn } from "../testing.ts"

const LAPTOP = { name: "ann-laptop", os: "Linux 6.1", client: "alchemy-cli/1.0.0" }

describe.each(STORES)("the page of sessions on %s", (_, store) => {
  let under: AppUnderTest
  let cookie: string
  let bob: string

  beforeAll(async () => {
    under = await openAppUnderTest(store())
    cookie = await under.signIn()
    bob = await under.signIn("bob@example.com")
  })
  afterAll(() => under.close())
  beforeEach(async () => {
    for (const browser of [cookie, bob]) await under.tokens.revokeSessions(await accountOf(browser))
  })

  async function accountOf(browser: string): Promise<string> {
    const request = new Request("http://localhost:4000/", { headers: { Cookie: browser } })
    return (await under.accounts.browserSession(request))?.account.id ?? ""
  }
  const machine = async (device: DeviceClaims = LAPTOP, browser = cookie) =>
    under.tokens.createSession({
      ...ALCHEMY_GRANT,
      accountId: await accountOf(browser),
      expiresInSeconds: 86_400,
      device,
    })
  const show = (browser = cookie) => under.app.request("/sessions", { headers: { Cookie: browser } })
  const shown = async (browser = cookie) => (await show(browser)).text()
  const formTokenOf = async (browser = cookie) => {
    await machine(LAPTOP, browser)
    return /name="form_token" value="([^"]+)"/.exec(await shown(browser))?.[1] ?? ""
  }
  const post = (fields: Record<string, string>, headers: Record<string, string> = { Cookie: cookie }) =>
    under.app.request("/sessions", form(fields, headers))
  const alive = async (token: string) => (await under.tokens.verify(token)) !== null
  const seeOther = (response: Response) => [response.status, response.headers.get("location")]

  test("without a browser session: 303 to sign-in, which leads back", async () => {
    for (const response of [await under.app.request("/sessions"), await post({ session: "all" }, {})])
      expect(seeOther(response)).toEqual([303, "/sign-in?return_to=%2Fsessions"])
  })

  test("names machine, system, program and times of each session, the newest first, and nobody else's", async () => {
    await machine()
    under.clock.now += 3_600_000
    await machine({ name: "ann-desktop", os: "Windows 11" })
    await machine({ name: "bob-laptop" }, bob)
    const page = await shown()
    const [, rows = ""] = page.split('<ul class="rows"')
    const [first = "", second = ""] = rows.split("<li>").slice(1)
    const hours = (count: number) => new Date(under.clock.now + count * 3_600_000).toISOString()
    for (const text of ["ann-desktop", "Windows 11", "not stated", hours(0), hours(24)])
      expect(first).toContain(text)
    for (const text of ["ann-laptop", "Linux 6.1", "alchemy-cli/1.0.0", hours(-1), hours(23)])
      expect(second).toContain(text)
    expect(first).toContain('aria-label="End session on ann-desktop"')
    expect(page).toMatch(/>\d{1,2} Nov 2026, \d\d:\d\d UTC</)
    expect(page).toContain("2 command-line programs are signed in")
    expect(page).not.toContain("bob-laptop")
  })

  test("S45 holds no token and no browser session", async () => {
    const { token } = await machine()
    const page = await shown()
    expect(page).not.toContain(token)
    expect(page).not.toContain("alchemy_at_")
    expect(page).not.toContain(cookie.split("=")[1])
  })

  test("says in words that there is nothing to end, and offers all only where there are several", async () => {
    const none = await shown()
    expect(none).toContain("No command-line program is signed in to this account.")
    expect(none).not.toContain("End session")
    await machine()
    const one = await shown()
    expect(one).toContain("One command-line program is signed in")
    expect(one).not.toContain("End all programs")
    await machine({})
    expect(await shown()).toContain("End all programs")
    expect(await shown()).toContain('aria-label="End session on Unnamed machine"')
  })

  test("S13 S20 cannot be framed or cached, leaks no address and loads nothing from elsewhere", async () => {
    await machine()
    const { headers } = await show()
    expect(headers.get("content-security-policy")).toMatch(
      /^default-src 'none';.*frame-ancestors 'none'; form-action 'self'$/,
    )
    expect(headers.get("x-frame-options")).toBe("DENY")
    expect(headers.get("referrer-policy")).toBe("no-referrer")
    expect(headers.get("cache-control")).toBe("no-store")
    expect(await shown()).not.toMatch(/<script|\son\w+=|style=|(?:src|href)="(?:https?:)?\/\//)
  })

  test("S14 markup in a machine's claims is shown as text", async () => {
    const markup = `"><img src=x onerror=alert(1)>`
    await machine({ name: markup, os: markup, client: markup })
    const page = await shown()
    expect(page).not.toContain("<img src=x")
    expect(page.match(/&lt;img src=x onerror=alert\(1\)&gt;/g)).toHaveLength(4)
  })

  test("S19 ends one session, 303 back to the page; the other lives on", async () => {
    const form_token = await formTokenOf()
    const [ended, kept] = [await machine(), await machine()]
    const response = await post({ session: ended.session.id, form_token })
    expect(seeOther(response)).toEqual([303, "/sessions?ended=programs&count=1"])
    expect([await alive(ended.token), await alive(kept.token)]).toEqual([false, true])
    expect(await shown()).not.toContain(ended.session.id)
  })

  test("S19 S48 ends all of this account's sessions and nobody else's; this browser stays signed in", async () => {
    const form_token = await formTokenOf()
    const [first, second, other] = [await machine(), await machine(), await machine({}, bob)]
    const response = await post({ session: "all", form_token })
    expect(seeOther(response)).toEqual([303, "/sessions?ended=programs&count=3"])
    expect([await alive(first.token), await alive(second.token), await alive(other.token)]).toEqual([
      false,
      false,
      true,
    ])
    expect((await show()).status).toBe(200)
  })

  test("S47 a foreign, an unknown and an ended id get one answer and end nothing", async () => {
    const form_token = await formTokenOf()
    const [own, other, dead] = [await machine(), await machine({}, bob), await machine()]
    await under.tokens.revoke(dead.token)
    for (const session of [other.session.id, dead.session.id, "x", own.token, `${own.session.id} `])
      expect(seeOther(await post({ session, form_token }))).toEqual([303, "/sessions?ended=nothing"])
    expect([await alive(own.token), await alive(other.token)]).toEqual([true, true])
  })

  test("no session named: 400; a field twice: 400; JSON: 415", async () => {
    const form_token = await formTokenOf()
    expect((await post({ form_token })).status).toBe(400)
    expect((await post({ form_token, session: "" })).status).toBe(400)
    const body = `form_token=${form_token}&session=all&session=all`
    expect((await under.app.request("/sessions", { ...form({}, { Cookie: cookie }), body })).status).toBe(400)
    const type = { "Content-Type": "application/json" }
    expect((await post({ form_token, session: "all" }, { Cookie: cookie, ...type })).status).toBe(415)
  })

  test("S16 without its token, or with another, a form ends nothing: 403", async () => {
    const { token } = await machine()
    const form_token = await formTokenOf()
    const login = await under.app.request(`/login?${loginQuery().query}`, { headers: { Cookie: cookie } })
    const ofAnotherPurpose = sealedRequestIn(await login.text())
    for (const wrong of [
      {},
      { form_token: "" },
      { form_token: `x${form_token}` },
      { form_token: `${form_token}.` },
    ])
      expect((await post({ session: "all", ...wrong })).status).toBe(403)
    const response = await post({ session: "all", form_token: ofAnotherPurpose })
    expect(response.status).toBe(403)
    expect(await response.text()).toContain("Nothing was ended.")
    expect(
      (
        await under.app.request(
          "/login",
          form({ request: form_token, decision: "approve" }, { Cookie: cookie }),
        )
      ).status,
    ).toBe(403)
    expect(await alive(token)).toBe(true)
  })

  test.each([
    ["a foreign origin", { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }],
    ["a sibling site", { Origin: "http://localhost:4001", "Sec-Fetch-Site": "same-site" }],
    ["an opaque origin", { Origin: "null", "Sec-Fetch-Site": "cross-site" }],
  ])("S16 posted from %s, a form ends nothing: 403", async (_name, headers) => {
    const { token } = await machine()
    const fields = { session: "all", form_token: await formTokenOf() }
    expect((await post(fields, { Cookie: cookie, ...headers })).status).toBe(403)
    expect(await alive(token)).toBe(true)
  })

  test("S18 the form of browser A ends nothing from browser B, of another account or the same", async () => {
    const form_token = await formTokenOf()
    const [own, other] = [await machine(), await machine({}, bob)]
    for (const browser of [bob, await under.signIn()])
      expect((await post({ session: "all", form_token }, { Cookie: browser })).status).toBe(403)
    expect([await alive(own.token), await alive(other.token)]).toEqual([true, true])
  })

  test("the page can be acted on for a day", async () => {
    const form_token = await formTokenOf()
    under.clock.now += FORM_LIFETIME_MS
    expect((await post({ session: "all", form_token })).status).toBe(303)
    under.clock.now += 1
    expect((await post({ session: "all", form_token })).status).toBe(403)
  })

  test("the home page leads there", async () => {
    const home = await under.app.request("/", { headers: { Cookie: cookie } })
    expect(await home.text()).toContain('<a href="/sessions">')
  })
})
