import { approvalPhraseOf, codeChallengeOf } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
  type AppUnderTest,
  approve,
  form,
  ISSUER,
  loginQuery,
  openAppUnderTest,
  PASSWORD,
  REDIRECT,
  sealedRequestIn,
} from "./testing.ts"

let under: AppUnderTest
let cookie: string

beforeAll(async () => {
  under = await openAppUnderTest()
  cookie = await under.signIn()
})
afterAll(() => under.close())

const show = (query: string, headers: Record<string, string> = { Cookie: cookie }) =>
  under.app.request(`/login?${query}`, { headers })

async function expectRefused(query: string, naming: string | RegExp) {
  const response = await show(query)
  expect(response.status).toBe(400)
  expect(response.headers.get("location")).toBeNull()
  const page = await response.text()
  expect(page).toContain("invalid_request")
  expect(page).toMatch(naming)
}

const challenge = codeChallengeOf("v".repeat(43))

describe("the authorization request", () => {
  test("S1 no code_challenge: refused, and the page says why", async () => {
    const { query } = loginQuery({ code_challenge: null, code_challenge_method: null })
    await expectRefused(query, /too old for this server/)
    await expectRefused(loginQuery({ code_challenge: null }).query, /code_challenge is missing/)
  })

  test.each(["plain", "s256", "", "none"])("S2 code_challenge_method=%j is refused", async (method) => {
    await expectRefused(
      loginQuery({ code_challenge_method: method }).query,
      /code_challenge_method must be S256/,
    )
  })

  test("S2 a method left out means S256", async () => {
    expect((await show(loginQuery({ code_challenge_method: null }).query)).status).toBe(200)
  })

  test.each([
    ["42 characters", challenge.slice(0, 42)],
    ["44 characters", `${challenge}A`],
    ["padded", `${challenge}=`],
    ["not base64url", `${challenge.slice(0, 41)}+/`],
    ["empty", ""],
    ["with a line break", `${challenge}\n`],
  ])("S3 a challenge that is %s is refused", async (_, wrong) => {
    await expectRefused(loginQuery({ code_challenge: wrong }).query, /code_challenge must be/)
  })

  test("S5 loopback redirects on ports from 1 to 65535 are accepted", async () => {
    for (const host of ["127.0.0.1", "[::1]", "localhost"]) {
      for (const port of [1, 80, 443, 1023, 16424, 49152, 65535]) {
        const response = await show(loginQuery({ redirectUrl: `http://${host}:${port}/callback` }).query)
        expect(response.status, `${host}:${port}`).toBe(200)
      }
    }
  })

  test.each([
    ["S6", "http://user@127.0.0.1:80/callback"],
    ["S6", "http://127.0.0.1:80@evil.example/callback"],
    ["S6", "http://localhost:pw@evil.example/callback"],
    ["S7", "http://127.0.0.1.evil.example:80/callback"],
    ["S7", "http://localhost.evil.example:80/callback"],
    ["S7", "http://0.0.0.0:80/callback"],
    ["S7", "http://2130706433:80/callback"],
    ["S7", "http://0x7f.1:80/callback"],
    ["S7", "http://[::ffff:127.0.0.1]:80/callback"],
    ["S8", "http://127.0.0.1:80\\callback"],
    ["S8", "http:\\\\127.0.0.1:80/callback"],
    ["S8", "http://127.0.0.1:80%2fcallback"],
    ["S8", "http://127.0.0.1:80/callback%00"],
    ["S8", "http://127.0.0.1:80/callback\u0000"],
    ["S8", "http://127.0.0.1:80/callback\r\nX-Injected: 1"],
    ["S8", "http://127.0.0.1:80/call\tback"],
    ["S8", " http://127.0.0.1:80/callback"],
    ["S8", "http://localhost.:80/callback"],
    ["S8", "http://127。0。0。1:80/callback"],
    ["S8", "http://127.0.0.1:80/callback/../x"],
    ["S8", "http://127.0.0.1:80/callback/"],
    ["S9", "http://127.0.0.1:80/callback#x"],
    ["S9", "http://127.0.0.1:80/callback?x=1"],
    ["S9", "https://127.0.0.1:80/callback"],
    ["S9", "javascript:alert(1)"],
    ["S9", "data:text/html,x"],
    ["S9", "HTTP://127.0.0.1:80/callback"],
    ["S9", "http://127.0.0.1/callback"],
    ["S9", "http://127.0.0.1:0/callback"],
    ["S9", "http://127.0.0.1:65536/callback"],
    ["S9", ""],
  ])("%s redirectUrl %j is refused on our own page", async (_, redirectUrl) => {
    await expectRefused(loginQuery({ redirectUrl }).query, /redirectUrl must be/)
  })

  test("S9 a second redirect parameter, and none, are refused on our own page", async () => {
    const { query } = loginQuery()
    await expectRefused(`${query}&redirectUrl=${encodeURIComponent(REDIRECT)}`, /redirectUrl is there twice/)
    await expectRefused(`${query}&redirect%55rl=http%3A%2F%2Fevil.example`, /redirectUrl is there twice/)
    await expectRefused(loginQuery({ redirectUrl: null }).query, /redirectUrl is missing/)
  })

  test.each(["code_challenge", "code_challenge_method", "state", "client", "device", "os", "unknown"])(
    "S10 %s twice is invalid_request",
    async (name) => {
      await expectRefused(`${loginQuery().query}&${name}=a&${name}=a`, /is there twice/)
    },
  )

  test("S11 a state of 8 KiB is refused; 2048 characters are echoed", async () => {
    await expectRefused(loginQuery({ state: "s".repeat(8192) }).query, /state must be at most 2048/)
    await expectRefused(loginQuery({ state: "s".repeat(2049) }).query, /state must be at most 2048/)
    const state = "é".repeat(2048)
    const { location } = await approve(under, cookie, { state })
    expect(location.searchParams.get("state")).toBe(state)
  })

  test("S11 a state with markup is echoed byte for byte and is not on the page", async () => {
    const state = `"><script>alert(1)</script>&a=b#%00+ %\r\n\u2028💥`
    const page = await (await show(loginQuery({ state }).query)).text()
    expect(page).not.toContain("<script")
    const { location } = await approve(under, cookie, { state })
    expect(location.searchParams.get("state")).toBe(state)
  })

  test("S14 markup in claims and in the account's name is shown as text", async () => {
    const markup = `<img src=x onerror="alert(1)">`
    const email = "marked@example.com"
    await under.accounts.administration.create({ email, password: PASSWORD, name: markup })
    const { query } = loginQuery({ client: markup, device: markup, os: `'"><b>` })
    const page = await (await show(query, { Cookie: await under.signIn(email) })).text()
    expect(page).not.toContain("<img src=x")
    expect(page).not.toContain("<b>")
    expect(page.match(/&lt;img src=x onerror=&quot;alert\(1\)&quot;&gt;/g)).toHaveLength(3)
  })
})

describe("the way to the approval page", () => {
  test("without a session: 303 to sign-in, which leads back to the very same request", async () => {
    const { query } = loginQuery({ state: "a b/ü" })
    const response = await show(query, {})
    expect(response.status).toBe(303)
    const signIn = new URL(response.headers.get("location") ?? "", ISSUER)
    expect(signIn.pathname).toBe("/sign-in")
    const [before, opened = ""] = (signIn.searchParams.get("return_to") ?? "").split("&opened=")
    expect(before).toBe(`/login?${query}`)
    expect(opened).toMatch(/^[0-9a-z]+\.[\w-]+$/)
  })

  test("S41 the age of the request outlives the way to the sign-in page", async () => {
    const { query } = loginQuery()
    const away = new URL((await show(query, {})).headers.get("location") ?? "", ISSUER)
    under.clock.now += 180_000
    const back = (away.searchParams.get("return_to") ?? "").slice("/login?".length)
    expect(await (await show(back)).text()).toMatch(/<dt>Opened<\/dt>.*3 minutes ago/)
    expect(await (await show(query)).text()).toMatch(/<dt>Opened<\/dt>.*just now/)
  })

  test("a bad request is refused before anybody has to sign in", async () => {
    const response = await show(loginQuery({ redirectUrl: "http://evil.example/callback" }).query, {})
    expect(response.status).toBe(400)
  })

  test("the page names program, machine, system, address, account and phrase, and weighs under 30 kB", async () => {
    const { query, verifier } = loginQuery()
    const page = await (await show(query)).text()
    for (const shown of ["alchemy-cli/1.0.0", "ann-laptop", "Linux", "ann@example.com"])
      expect(page).toContain(shown)
    expect(page).toContain(approvalPhraseOf(codeChallengeOf(verifier)))
    expect(page).toContain("Did you start this on your computer?")
    expect(page.length).toBeLessThan(30_000)
  })

  test("claims that were not sent are said to be not stated", async () => {
    const { query } = loginQuery({ client: null, device: null, os: "" })
    const page = await (await show(query)).text()
    expect(page.match(/not stated/g)?.length).toBeGreaterThanOrEqual(3)
  })

  test("the policy lets the form lead to this redirect target and to no other", async () => {
    const policyFor = async (redirectUrl: string) =>
      (await show(loginQuery({ redirectUrl }).query)).headers.get("content-security-policy")
    expect(await policyFor(REDIRECT)).toContain("form-action 'self' http://127.0.0.1:16424")
    expect(await policyFor("http://localhost:7/callback")).toContain("form-action 'self' http://localhost:7")
    expect(await policyFor("http://[::1]:7/callback")).toMatch(/form-action 'self' http:$/)
  })
})

describe("the answer", () => {
  const answer = (fields: Record<string, string>, headers: Record<string, string> = { Cookie: cookie }) =>
    under.app.request("/login", form(fields, headers))
  const sealed = async (changes = {}, from = cookie) =>
    sealedRequestIn(await (await show(loginQuery(changes).query, { Cookie: from })).text())

  test("S12 approved: 303 to the redirect target with code, state and iss", async () => {
    const response = await answer({ request: await sealed(), decision: "approve" })
    expect(response.status).toBe(303)
    const location = response.headers.get("location") ?? ""
    expect(location).toMatch(/^http:\/\/127\.0\.0\.1:16424\/callback\?code=alchemy_ac_/)
    expect([...new URL(location).searchParams.keys()]).toEqual(["code", "state", "iss"])
    expect(new URL(location).searchParams.get("iss")).toBe(ISSUER)
  })

  test("S12 denied: 303 with access_denied, a description, state and iss, and no code", async () => {
    const response = await answer({ request: await sealed(), decision: "deny" })
    expect(response.status).toBe(303)
    const { searchParams } = new URL(response.headers.get("location") ?? "")
    expect(searchParams.get("error")).toBe("access_denied")
    expect(searchParams.get("error_description")).not.toBe("")
    expect(searchParams.get("state")).toBe("st4te")
    expect(searchParams.get("iss")).toBe(ISSUER)
    expect(searchParams.has("code")).toBe(false)
  })

  test("a state that was not sent is left out of the redirect", async () => {
    const { location } = await approve(under, cookie, { state: null })
    expect([...location.searchParams.keys()]).toEqual(["code", "iss"])
  })

  test("a decision that is neither approve nor deny: 400; a field twice: 400; JSON: 415", async () => {
    const request = await sealed()
    expect((await answer({ request, decision: "maybe" })).status).toBe(400)
    expect((await answer({ request })).status).toBe(400)
    const twice = {
      ...form({}, { Cookie: cookie }),
      body: `request=${request}&decision=deny&decision=approve`,
    }
    expect((await under.app.request("/login", twice)).status).toBe(400)
    const json = form(
      { request, decision: "approve" },
      { Cookie: cookie, "Content-Type": "application/json" },
    )
    expect((await under.app.request("/login", json)).status).toBe(415)
  })
})

test("an older client without PKCE is served where the operator allows it, with a warning and no phrase", async () => {
  const legacy = await openAppUnderTest({ allowCodeWithoutPkce: true })
  const legacyCookie = await legacy.signIn()
  const url = `/login?redirectUrl=${encodeURIComponent(REDIRECT)}`
  const page = await (await legacy.app.request(url, { headers: { Cookie: legacyCookie } })).text()
  expect(page).toContain("No phrase to compare.")
  const fields = { request: sealedRequestIn(page), decision: "approve" }
  const response = await legacy.app.request("/login", form(fields, { Cookie: legacyCookie }))
  expect([...new URL(response.headers.get("location") ?? "").searchParams.keys()]).toEqual(["code", "iss"])
  await legacy.close()
})
