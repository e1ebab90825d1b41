import { OAUTH_PATHS } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createProofKey, type ProofKey, signProof } from "../../dpop/testing.ts"
import { type AppUnderTest, ISSUER, openAppUnderTest, STORES } from "../testing.ts"
import {
  askToken,
  authorization,
  type Changes,
  CLIENTS,
  DEVICE_ONLY,
  decide,
  expectOAuthError,
  formText,
  fromAddress,
  locationOf,
  NATIVE,
  NATIVE_REDIRECT,
  OFFLINE,
  open,
  PLAIN,
  post,
  tokensIn,
  WEB,
  WEB_BASIC,
  WEB_REDIRECT,
} from "./testing.ts"

const PATH = OAUTH_PATHS.pushedAuthorizationRequest

describe.each(STORES)("pushed authorization requests on %s", (_, store) => {
  let under: AppUnderTest
  let cookie: string
  let key: ProofKey
  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), clients: CLIENTS })
    cookie = await under.signIn()
    key = await createProofKey()
  })
  afterAll(() => under.close())

  let pushes = 0
  /** Each from an address of its own, so that the limit is met only where it is meant. */
  const push = (changes: Changes = {}, headers: Record<string, string> = {}) =>
    under.app.request(
      PATH,
      post(authorization(changes).parameters, headers),
      fromAddress(`198.51.100.${++pushes}`),
    )
  const pushed = async (changes: Changes = {}, headers: Record<string, string> = {}) => {
    const response = await push(changes, headers)
    expect(response.status).toBe(201)
    return (await response.json()) as { request_uri: string; expires_in: number }
  }
  const openPushed = (request_uri: string, more: Changes = {}) =>
    open(under, cookie, formText({ client_id: NATIVE.id, request_uri, ...more }))

  async function expectUnknown(response: Response) {
    expect(response.status).toBe(400)
    expect(response.headers.get("location")).toBeNull()
    expect(await response.text()).toContain("invalid_request_uri")
  }

  const proof = async (path: string, nonce = "") =>
    signProof(key, { method: "POST", url: ISSUER + path, now: under.clock.now, nonce })
  /** The nonce of an answer to a proof that had none. */
  const nonceOf = async () => (await push({}, { DPoP: await proof(PATH) })).headers.get("dpop-nonce") ?? ""

  test("lead through the approval to a code, as they were pushed", async () => {
    const { parameters, verifier } = authorization({ scope: OFFLINE, device: "ann-laptop", state: "ü" })
    const response = await under.app.request(PATH, post(parameters))
    expect(response.status).toBe(201)
    expect(response.headers.get("cache-control")).toBe("no-store")
    const body = (await response.json()) as { request_uri: string }
    expect(body).toEqual({
      request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[A-Za-z0-9_-]{43}$/),
      expires_in: 600,
    })
    // What else stands in the query counts for nothing.
    const more = { scope: "keys:manage", redirect_uri: "https://evil.example/", state: "evil" }
    const page = await (await openPushed(body.request_uri, more)).text()
    expect(page).toContain("ann-laptop")
    const { href, searchParams } = locationOf(await decide(under, cookie, page))
    expect(href.startsWith(NATIVE_REDIRECT)).toBe(true)
    expect([...searchParams.keys()]).toEqual(["code", "state", "iss"])
    expect(searchParams.get("state")).toBe("ü")
    const tokens = await askToken(under, {
      grant_type: "authorization_code",
      code: searchParams.get("code"),
      client_id: NATIVE.id,
      redirect_uri: NATIVE_REDIRECT,
      code_verifier: verifier,
    })
    expect((await tokensIn(tokens)).scope).toBe(OFFLINE)
  })

  test("of a confidential client need its secret", async () => {
    const changes = { client_id: WEB.id, redirect_uri: WEB_REDIRECT }
    await expectOAuthError(push(changes), 401, "invalid_client")
    const { request_uri } = await pushed(changes, WEB_BASIC)
    expect((await openPushed(request_uri, { client_id: WEB.id })).status).toBe(200)
  })

  test.each<[string, Changes, string, RegExp]>([
    [
      "a redirect_uri that is not registered",
      { redirect_uri: "http://evil.example/" },
      "invalid_request",
      /uri/,
    ],
    ["S9 no redirect_uri", { redirect_uri: null }, "invalid_request", /redirect_uri is missing/],
    ["no response_type", { response_type: null }, "invalid_request", /response_type/],
    ["another response_type", { response_type: "token" }, "unsupported_response_type", /response_type/],
    ["a request object", { request: "eyJ" }, "request_not_supported", /not read/],
    ["a request_uri", { request_uri: "urn:x" }, "invalid_request", /request_uri cannot be pushed/],
    ["S1 no code_challenge", { code_challenge: null }, "invalid_request", /PKCE/],
    ["S2 plain", { code_challenge_method: "plain" }, "invalid_request", /S256/],
    ["S3 a short challenge", { code_challenge: "x" }, "invalid_request", /43 characters/],
    ["an unknown scope", { scope: "openid" }, "invalid_scope", /scope/],
    ["S11 a long state", { state: "s".repeat(2049) }, "invalid_request", /state/],
    ["a malformed dpop_jkt", { dpop_jkt: "x" }, "invalid_request", /dpop_jkt/],
    ["a client without redirects", { client_id: DEVICE_ONLY.id }, "invalid_request", /not registered/],
  ])("with %s are answered in JSON", async (_what, changes, error, naming) => {
    await expectOAuthError(push(changes), 400, error, naming)
  })

  test("lead to one answer: the second is refused, whichever the first was", async () => {
    for (const [first, second] of [
      ["approve", "approve"],
      ["deny", "approve"],
    ]) {
      const { request_uri } = await pushed()
      const pages = [await openPushed(request_uri), await openPushed(request_uri)]
      const [one = "", two = ""] = await Promise.all(pages.map((page) => page.text()))
      expect((await decide(under, cookie, one, first)).status).toBe(303)
      await expectUnknown(await decide(under, cookie, two, second))
      await expectUnknown(await openPushed(request_uri))
    }
  })

  test("answered 20 times at once give one code", async () => {
    const page = await (await openPushed((await pushed()).request_uri)).text()
    const answers = await Promise.all(Array.from({ length: 20 }, () => decide(under, cookie, page)))
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(19)
  })

  test("of another client are refused, and stay good for their own", async () => {
    const { request_uri } = await pushed()
    await expectUnknown(await openPushed(request_uri, { client_id: PLAIN.id }))
    expect((await openPushed(request_uri)).status).toBe(200)
  })

  test("die after ten minutes, and where they are named twice or wrongly", async () => {
    const { request_uri, expires_in } = await pushed()
    const twice = formText({ client_id: NATIVE.id, request_uri })
    await expectUnknown(await open(under, cookie, `${twice}&request_uri=urn:x`))
    await expectUnknown(await openPushed(`${request_uri}x`))
    await expectUnknown(await openPushed("https://client.example/request.jwt"))
    under.clock.now += expires_in * 1000 - 1
    expect((await openPushed(request_uri)).status).toBe(200)
    under.clock.now += 1
    await expectUnknown(await openPushed(request_uri))
  })

  test("are not mistaken for other things that the store keeps by name", async () => {
    for (const text of ["", "{}", '{"clientId":"native"}']) {
      await under.tokens.keep("dpop proof x", text, under.clock.now + 60_000)
      await expectUnknown(await openPushed("dpop proof x"))
      await under.tokens.take("dpop proof x")
    }
  })

  test("bind the code to the key of dpop_jkt: others cannot redeem it, nor who has none", async () => {
    const { parameters, verifier } = authorization({ dpop_jkt: key.thumbprint })
    const { request_uri } = (await (await under.app.request(PATH, post(parameters))).json()) as {
      request_uri: string
    }
    await expectBoundToKey(request_uri, verifier)
  })

  test("bind the code to the key of their DPoP proof", async () => {
    const { parameters, verifier } = authorization()
    const headers = { DPoP: await proof(PATH, await nonceOf()) }
    const response = await under.app.request(PATH, post(parameters, headers))
    const { request_uri } = (await response.json()) as { request_uri: string }
    await expectBoundToKey(request_uri, verifier)
  })

  async function expectBoundToKey(request_uri: string, code_verifier: string) {
    const page = await (await openPushed(request_uri)).text()
    const code = locationOf(await decide(under, cookie, page)).searchParams.get("code")
    const fields = { grant_type: "authorization_code", code, client_id: NATIVE.id, code_verifier }
    const nonce = await nonceOf()
    const other = await createProofKey()
    const url = ISSUER + OAUTH_PATHS.token
    const foreign = await signProof(other, { method: "POST", url, now: under.clock.now, nonce })
    await expectOAuthError(askToken(under, fields), 400, "invalid_grant")
    await expectOAuthError(askToken(under, fields, { DPoP: foreign }), 400, "invalid_grant")
    const own = { DPoP: await proof(OAUTH_PATHS.token, nonce) }
    expect((await tokensIn(await askToken(under, fields, own))).token_type).toBe("DPoP")
  }

  test("with a proof of another key than dpop_jkt, a bad proof or one without a nonce are refused", async () => {
    const other = await createProofKey()
    const headers = async () => ({ DPoP: await proof(PATH, await nonceOf()) })
    const twoKeys = push({ dpop_jkt: other.thumbprint }, await headers())
    await expectOAuthError(twoKeys, 400, "invalid_request", /dpop_jkt/)
    await expectOAuthError(push({}, { DPoP: "x" }), 400, "invalid_dpop_proof")
    const without = await expectOAuthError(push({}, { DPoP: await proof(PATH) }), 400, "use_dpop_nonce")
    expect(without.headers.get("dpop-nonce")).toMatch(/^[A-Za-z0-9_-]{32}$/)
    expect((await push({ dpop_jkt: key.thumbprint }, await headers())).status).toBe(201)
  })
})

test("from one address 100 in ten minutes, device authorizations included; then 429 with Retry-After", async () => {
  const under = await openAppUnderTest({ clients: CLIENTS })
  const from = (address: string, path: string = PATH) =>
    under.app.request(path, post(authorization().parameters), fromAddress(address))
  for (let count = 0; count < 50; count++) {
    expect((await from("2001:db8::1")).status).toBe(201)
    expect((await from("2001:db8::2", OAUTH_PATHS.deviceAuthorization)).status).toBe(200)
  }
  for (const path of [PATH, OAUTH_PATHS.deviceAuthorization]) {
    const refused = await expectOAuthError(from("2001:db8::3", path), 429, "rate_limited")
    const seconds = Number(refused.headers.get("retry-after"))
    expect(seconds).toBeGreaterThan(500)
    expect(seconds).toBeLessThanOrEqual(600)
  }
  expect((await from("2001:db8:0:1::1")).status).toBe(201)
  const { parameters } = authorization({ client_id: WEB.id, redirect_uri: WEB_REDIRECT })
  const ofKnownClient = post(parameters, WEB_BASIC)
  expect((await under.app.request(PATH, ofKnownClient, fromAddress("2001:db8::1"))).status).toBe(201)
  under.forgetAttempts()
  expect((await from("2001:db8::1")).status).toBe(201)
  await under.close()
})
