import { codeChallengeOf } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, ISSUER, openAppUnderTest } from "../testing.ts"
import {
  authorization,
  type Changes,
  CLIENTS,
  DEVICE_ONLY,
  formText,
  locationOf,
  NATIVE,
  open,
  SCHEME,
  SCHEME_REDIRECT,
  WEB,
  WEB_REDIRECT,
} from "./testing.ts"

let under: AppUnderTest
let cookie: string
beforeAll(async () => {
  under = await openAppUnderTest({ clients: CLIENTS })
  cookie = await under.signIn()
})
afterAll(() => under.close())

const show = (changes: Changes = {}, more = "") =>
  open(under, cookie, formText(authorization(changes).parameters) + more)

/** On our own page, which leads nowhere. */
async function expectOwnPage(response: Response, code: string, naming: RegExp) {
  expect(response.status).toBe(400)
  expect(response.headers.get("location")).toBeNull()
  expect(response.headers.get("content-type")).toMatch(/^text\/html/)
  expect(response.headers.get("x-frame-options")).toBe("DENY")
  const page = await response.text()
  expect(page).toContain("This sign-in cannot start")
  expect(page).toContain(code)
  expect(page).toMatch(naming)
}

/** Back to the client, with everything that an error has (RFC 6749 §4.1.2.1, RFC 9207 §2). */
function expectSentBack(response: Response, error: string, naming: RegExp, state: string | null = "st4te") {
  const { searchParams, href } = locationOf(response)
  const expected = ["error", "error_description", ...(state === null ? [] : ["state"]), "iss"]
  expect([...searchParams.keys()].filter((key) => key !== "tenant")).toEqual(expected)
  expect(searchParams.get("error")).toBe(error)
  expect(searchParams.get("error_description")).toMatch(naming)
  // What a description may be written in (RFC 6749 §4.1.2.1).
  expect(searchParams.get("error_description")).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  expect(searchParams.get("state")).toBe(state)
  expect(searchParams.get("iss")).toBe(ISSUER)
  return href
}

const good = codeChallengeOf("v".repeat(43))

describe("while client and redirect target are not known to be good, all is said on our own page", () => {
  test.each<[string, Changes, string, RegExp]>([
    ["no client_id", { client_id: null }, "invalid_request", /client_id is missing/],
    ["an empty client_id", { client_id: "" }, "invalid_request", /client_id is missing/],
    ["an unknown client", { client_id: "nobody" }, "unauthorized_client", /not registered/],
    ["no client id at all", { client_id: "a b\n" }, "unauthorized_client", /not registered/],
    ["no redirect_uri", { redirect_uri: null }, "invalid_request", /redirect_uri is missing/],
    ["a client without redirects", { client_id: DEVICE_ONLY.id }, "invalid_request", /not registered/],
    [
      "S28 a secret in the query",
      { client_id: WEB.id, client_secret: "x" },
      "invalid_request",
      /client_secret/,
    ],
    ["S28 a code in the query", { code: "x" }, "invalid_request", /code must not be/],
  ])("%s", async (_, changes, code, naming) => {
    await expectOwnPage(await show(changes), code, naming)
  })

  test.each([
    ["S6", "http://user@127.0.0.1:80/cb"],
    ["S6", "http://127.0.0.1:80@evil.example/cb"],
    ["S6", "http://localhost:pw@evil.example/cb"],
    ["S7", "http://127.0.0.1.evil.example:80/cb"],
    ["S7", "http://localhost.evil.example/cb"],
    ["S7", "http://0.0.0.0:80/cb"],
    ["S7", "http://2130706433:80/cb"],
    ["S7", "http://0x7f.1:80/cb"],
    ["S7", "http://[::ffff:127.0.0.1]:80/cb"],
    ["S8", "http://127.0.0.1:80\\cb"],
    ["S8", "http://127.0.0.1:80%2fcb"],
    ["S8", "http://127.0.0.1:80/cb%00"],
    ["S8", "http://127.0.0.1:80/cb\r\nX-Injected: 1"],
    ["S8", "http://127.0.0.1:80/c\tb"],
    ["S8", "http://localhost.:80/cb"],
    ["S8", "http://127。0。0。1:80/cb"],
    ["S8", "http://127.0.0.1:80/cb/../x"],
    ["S8", "http://127.0.0.1:80/cb/"],
    ["S9", "http://127.0.0.1:80/cb#x"],
    ["S9", "http://127.0.0.1:80/cb?x=1"],
    ["S9", "https://127.0.0.1:80/cb"],
    ["S9", "javascript:alert(1)"],
    ["S9", "data:text/html,x"],
    ["S9", "http://127.0.0.1:65536/cb"],
  ])("%s redirect_uri %j of a native program", async (_, redirect_uri) => {
    await expectOwnPage(await show({ redirect_uri }), "invalid_request", /redirect_uri is not registered/)
  })

  test.each([
    ["another host", "https://web.example.evil.example/cb?tenant=1"],
    ["another path", "https://web.example/cb2?tenant=1"],
    ["a path below", "https://web.example/cb/x?tenant=1"],
    ["another query", "https://web.example/cb?tenant=2"],
    ["no query", "https://web.example/cb"],
    ["more of a query", "https://web.example/cb?tenant=1&x=1"],
    ["a fragment", `${WEB_REDIRECT}#x`],
    ["a port", "https://web.example:8443/cb?tenant=1"],
    ["the default port", "https://web.example:443/cb?tenant=1"],
    ["capitals", "https://WEB.example/cb?tenant=1"],
    ["another scheme", "http://web.example/cb?tenant=1"],
    ["an escape", "https://web.example/%63b?tenant=1"],
    ["another client's", "http://127.0.0.1/cb"],
  ])("S24 a web application's redirect_uri with %s", async (_, redirect_uri) => {
    const response = await show({ client_id: WEB.id, redirect_uri })
    await expectOwnPage(response, "invalid_request", /redirect_uri is not registered/)
  })

  test.each([
    "com.example.app:/cb/",
    "com.example.app:/other",
    "com.example.evil:/cb",
    "com.example.app://cb",
  ])("a private-use redirect_uri %s", async (redirect_uri) => {
    const response = await show({ client_id: SCHEME.id, redirect_uri })
    await expectOwnPage(response, "invalid_request", /redirect_uri is not registered/)
  })

  test("no redirect_uri, where the client's only one stands for any port", async () => {
    const clients = [{ ...NATIVE, redirectUris: ["http://127.0.0.1/cb"] }]
    const other = await openAppUnderTest({ clients })
    const query = formText(authorization({ redirect_uri: null }).parameters)
    await expectOwnPage(await open(other, "", query), "invalid_request", /redirect_uri is missing/)
    await other.close()
  })

  test.each(["redirect_uri", "client_id", "redirect%5furi"])("S9 S10 %s twice", async (name) => {
    const more = `&${name}=${encodeURIComponent("http://127.0.0.1:1/cb")}`
    await expectOwnPage(await show({}, more), "invalid_request", /is there twice/)
    await expectOwnPage(await show({}, `&scope=a&scope=b${more}`), "invalid_request", /is there twice/)
  })

  test("a bad request is refused before anybody has to sign in", async () => {
    await expectOwnPage(await open(under, "", "client_id=nobody"), "unauthorized_client", /not registered/)
    const { parameters } = authorization({ code_challenge: null })
    expectSentBack(await open(under, "", formText(parameters)), "invalid_request", /PKCE/)
  })
})

describe("once they are known, the client is told", () => {
  test.each<[string, Changes, string, RegExp]>([
    ["no response_type", { response_type: null }, "invalid_request", /response_type is missing/],
    ["token", { response_type: "token" }, "unsupported_response_type", /must be code/],
    ["code and more", { response_type: "code id_token" }, "unsupported_response_type", /must be code/],
    ["another response_mode", { response_mode: "fragment" }, "invalid_request", /response_mode/],
    ["a request object", { request: "eyJ" }, "request_not_supported", /not read/],
    ["S1 no code_challenge", { code_challenge: null }, "invalid_request", /code_challenge is missing/],
    ["S1 an empty code_challenge", { code_challenge: "" }, "invalid_request", /code_challenge is missing/],
    ["S2 plain", { code_challenge_method: "plain" }, "invalid_request", /must be S256/],
    ["S2 no method", { code_challenge_method: null }, "invalid_request", /must be S256/],
    ["S2 s256", { code_challenge_method: "s256" }, "invalid_request", /must be S256/],
    ["S3 42 characters", { code_challenge: good.slice(0, 42) }, "invalid_request", /43 characters/],
    ["S3 44 characters", { code_challenge: `${good}A` }, "invalid_request", /43 characters/],
    ["S3 padding", { code_challenge: `${good}=` }, "invalid_request", /43 characters/],
    ["S3 base64", { code_challenge: `${good.slice(0, 41)}+/` }, "invalid_request", /43 characters/],
    ["an unknown scope alone", { scope: "openid" }, "invalid_scope", /scope/],
    ["a malformed scope", { scope: 'account:read "' }, "invalid_scope", /scope/],
    ["a malformed dpop_jkt", { dpop_jkt: "short" }, "invalid_request", /dpop_jkt/],
  ])("S12 %s", async (_, changes, error, naming) => {
    expectSentBack(await show(changes), error, naming)
  })

  test("S12 a client that may not use codes: unauthorized_client", async () => {
    const clients = [{ ...DEVICE_ONLY, redirectUris: ["http://127.0.0.1/cb"] }]
    const other = await openAppUnderTest({ clients })
    const { parameters } = authorization({ client_id: DEVICE_ONLY.id })
    expectSentBack(await open(other, "", formText(parameters)), "unauthorized_client", /not registered/)
    await other.close()
  })

  test("scopes of which none is left for the client: invalid_scope", async () => {
    const changes = { client_id: SCHEME.id, redirect_uri: SCHEME_REDIRECT, scope: "offline_access" }
    const href = expectSentBack(await show(changes), "invalid_scope", /scope/)
    expect(href).toMatch(/^com\.example\.app:\/cb\?error=/)
  })

  test.each(["response_type", "code_challenge", "code_challenge_method", "scope", "device", "unknown"])(
    "S10 %s twice: invalid_request",
    async (name) => {
      const response = await show({ scope: "account:read", device: "d", unknown: "u" }, `&${name}=x`)
      expectSentBack(response, "invalid_request", /twice/)
    },
  )

  test("S10 state twice: invalid_request, and neither is echoed", async () => {
    expectSentBack(await show({}, "&state=other"), "invalid_request", /twice/, null)
    expectSentBack(await show({}, "&scope=a&scope=b&state=other"), "invalid_request", /twice/, null)
  })

  test("S11 a state of 8 KiB is refused and not echoed; 2048 characters are", async () => {
    const response = await show({ state: "s".repeat(8192) })
    expectSentBack(response, "invalid_request", /at most 2048/, null)
    const state = "s".repeat(2048)
    expectSentBack(await show({ state, scope: "openid" }), "invalid_scope", /scope/, state)
  })

  test("S11 state is echoed byte for byte, also where it is no UTF-8, and left out where none was sent", async () => {
    const state = `"><script>alert(1)</script>&a=b#%00+ %\r\n\u2028💥`
    expectSentBack(await show({ state, scope: "openid" }), "invalid_scope", /scope/, state)
    expectSentBack(await show({ state: null, scope: "openid" }), "invalid_scope", /scope/, null)
    const response = await show({ state: null, scope: "openid" }, "&state=%FF%00%c3")
    expect(response.headers.get("location")).toMatch(/&state=%FF%00%C3&iss=/)
  })

  test("the error is added to the query that the redirect target has", async () => {
    const href = expectSentBack(
      await show({ client_id: WEB.id, redirect_uri: WEB_REDIRECT, scope: "openid" }),
      "invalid_scope",
      /scope/,
    )
    expect(href).toMatch(/^https:\/\/web\.example\/cb\?tenant=1&error=invalid_scope&/)
  })
})

describe("a good request", () => {
  test("S5 of a native program leads to any port, on each name of loopback", async () => {
    for (const host of ["127.0.0.1", "[::1]", "localhost"]) {
      for (const port of ["", ":1", ":80", ":16424", ":65535"]) {
        const redirect_uri = `http://${host}${port}/cb`
        expect((await show({ redirect_uri })).status, redirect_uri).toBe(200)
      }
    }
  })

  test("may leave redirect_uri out where the client has one web redirect", async () => {
    const response = await show({ client_id: WEB.id, redirect_uri: null })
    expect(response.status).toBe(200)
    expect(response.headers.get("content-security-policy")).toContain(
      "form-action 'self' https://web.example",
    )
  })

  test.each<[string, Changes]>([
    ["response_mode=query", { response_mode: "query" }],
    [
      "empty parameters, which count as left out",
      { scope: "", request: "", dpop_jkt: "", response_mode: "" },
    ],
    ["parameters that nobody knows", { audience: "x", prompt: "login" }],
  ])("may have %s", async (_, changes) => {
    expect((await show(changes)).status).toBe(200)
  })

  test("without a session: 303 to sign-in, which leads back to the very same request", async () => {
    const query = formText(authorization({ state: "a b/ü" }).parameters)
    const response = await open(under, "", query)
    expect(response.status).toBe(303)
    const signIn = new URL(response.headers.get("location") ?? "", ISSUER)
    expect(signIn.pathname).toBe("/sign-in")
    const [before] = (signIn.searchParams.get("return_to") ?? "").split("&opened=")
    expect(before).toBe(`/oauth/authorize?${query}`)
  })

  test("other methods are refused", async () => {
    const response = await under.app.request("/oauth/authorize", { method: "PUT" })
    expect(response.status).toBe(405)
    expect(response.headers.get("allow")).toBe("GET, POST")
  })
})
