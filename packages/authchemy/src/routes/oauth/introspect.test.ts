import { ALCHEMY_GRANT, GRANT_TYPES, OAUTH_PATHS } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, ISSUER, json, openAppUnderTest, STORES } from "../testing.ts"
import {
  askToken,
  type Changes,
  CLIENTS,
  codeFor,
  expectOAuthError,
  NATIVE,
  OFFLINE,
  post,
  RESOURCE,
  RESOURCE_BASIC,
  RESOURCE_SECRET,
  signedIn,
  statusWith,
  tokensIn,
  WEB_BASIC,
} from "./testing.ts"

describe.each(STORES)("POST /oauth/introspect on %s", (_, store) => {
  let under: AppUnderTest
  let cookie: string
  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), clients: CLIENTS })
    cookie = await under.signIn()
  })
  afterAll(() => under.close())

  const ask = (fields: Changes, headers: Record<string, string> = RESOURCE_BASIC) =>
    under.app.request(OAUTH_PATHS.introspect, post(fields, headers))

  async function expectInactive(token: string) {
    const response = await ask({ token })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('{"active":false}')
    expect(response.headers.get("cache-control")).toBe("no-store")
  }
  async function expectActive(token: string) {
    const response = await ask({ token })
    const body = (await response.json()) as Record<string, unknown>
    expect(body.active).toBe(true)
    return body
  }

  test("a live token, exactly", async () => {
    const { access_token, session_id, account } = await signedIn(under, cookie, { scope: OFFLINE })
    const iat = Math.floor(under.clock.now / 1000)
    const response = await ask({ token: access_token })
    expect(response.headers.get("cache-control")).toBe("no-store")
    expect(await response.json()).toEqual({
      active: true,
      scope: OFFLINE,
      client_id: NATIVE.id,
      username: "ann@example.com",
      token_type: "Bearer",
      exp: iat + 3600,
      iat,
      sub: account?.id,
      iss: ISSUER,
      sid: session_id,
    })
  })

  test("without account:read it does not say the email address; the CLI's own token is known as well", async () => {
    const { access_token } = await signedIn(under, cookie, { scope: "apps:read" })
    const body = await expectActive(access_token)
    expect(body).toMatchObject({ scope: "apps:read", sub: expect.any(String) })
    expect(body).not.toHaveProperty("username")
    const request = { ...ALCHEMY_GRANT, accountId: String(body.sub), expiresInSeconds: 60, device: {} }
    const { token } = await under.tokens.createSession(request)
    expect(await expectActive(token)).toMatchObject({ client_id: "alchemy-cli", username: "ann@example.com" })
  })

  test("of fewer scopes at a refresh it says those", async () => {
    const { refresh_token } = await signedIn(under, cookie, { scope: OFFLINE })
    const fields = { grant_type: GRANT_TYPES.refreshToken, refresh_token, client_id: NATIVE.id }
    const narrow = await tokensIn(await askToken(under, { ...fields, scope: "apps:read" }))
    expect(await expectActive(narrow.access_token)).toMatchObject({ scope: "apps:read" })
  })

  test("by the form instead of Basic, with any hint", async () => {
    const { access_token } = await signedIn(under, cookie)
    const fields = { token: access_token, client_id: RESOURCE.id, client_secret: RESOURCE_SECRET }
    const response = await ask({ ...fields, token_type_hint: "refresh_token" }, {})
    expect(await response.json()).toMatchObject({ active: true })
  })

  test("S47 unknown, junk, and what is no access token: inactive", async () => {
    const { refresh_token, access_token } = await signedIn(under, cookie, { scope: OFFLINE })
    const headers = { Authorization: `Bearer ${(await signedIn(under, cookie)).access_token}` }
    const made = await under.app.request("/v1/access-keys", json({ name: "CI" }, headers))
    const { data } = (await made.json()) as { data: { key: string } }
    const { code = "" } = await codeFor(under, cookie)
    for (const token of ["junk", `alchemy_at_${"0".repeat(53)}`, refresh_token, data.key, code]) {
      await expectInactive(token)
    }
    await expectActive(access_token)
    const rotation = { grant_type: GRANT_TYPES.refreshToken, refresh_token, client_id: NATIVE.id }
    expect((await askToken(under, rotation)).status).toBe(200)
  })

  test("S46 S51 revoked, expired: inactive", async () => {
    const [revoked, expired] = [
      await signedIn(under, cookie),
      await signedIn(under, cookie, { scope: OFFLINE }),
    ]
    await under.tokens.revoke(revoked.access_token)
    await expectInactive(revoked.access_token)
    under.clock.now += 3_599_999
    await expectActive(expired.access_token)
    under.clock.now += 1
    await expectInactive(expired.access_token)
  })

  test("S48 of a disabled account, and of a client that was removed: inactive, and refused at /v1", async () => {
    const email = "gone@example.com"
    const gone = await signedIn(under, await under.signIn(email))
    await under.accounts.administration.disable(email)
    const redirect_uri = "http://127.0.0.1:1/cb"
    const brief = { id: "brief", name: "Brief", redirectUris: [redirect_uri], confidential: false }
    await under.clients.add(brief)
    const orphan = await signedIn(under, cookie, { client_id: "brief", redirect_uri })
    await expectActive(orphan.access_token)
    await under.clients.remove("brief")
    for (const { access_token } of [gone, orphan]) {
      await expectInactive(access_token)
      expect(await statusWith(under, access_token)).toBe(401)
    }
  })

  test("S48 of a client that was removed and came back: still inactive, and revoking it is answered as ever", async () => {
    const redirect_uri = "http://127.0.0.1:1/cb"
    const again = { id: "again", name: "Again", redirectUris: [redirect_uri] }
    await under.clients.add({ ...again, confidential: false })
    const scope = OFFLINE
    const { access_token, refresh_token } = await signedIn(under, cookie, {
      client_id: "again",
      redirect_uri,
      scope,
    })
    await under.clients.remove("again")
    under.clock.now += 1
    await under.clients.add({ ...again, confidential: true })
    await expectInactive(access_token)
    expect(await statusWith(under, access_token)).toBe(401)
    const refresh = { grant_type: GRANT_TYPES.refreshToken, refresh_token }
    await expectOAuthError(askToken(under, refresh), 400, "invalid_grant")
    expect((await under.app.request(OAUTH_PATHS.revoke, post({ token: access_token }))).status).toBe(200)
  })

  test("asking uses nothing up and is no use of the session", async () => {
    const { access_token } = await signedIn(under, cookie)
    for (let count = 0; count < 3; count++) await expectActive(access_token)
    expect(await statusWith(under, access_token)).toBe(200)
  })

  test("only a resource server may ask", async () => {
    const { access_token } = await signedIn(under, cookie)
    for (const token of [access_token, "junk"]) {
      await expectOAuthError(ask({ token }, {}), 401, "invalid_client")
      await expectOAuthError(ask({ token, client_id: RESOURCE.id }, {}), 401, "invalid_client")
      await expectOAuthError(ask({ token }, WEB_BASIC), 403, "unauthorized_client")
      await expectOAuthError(ask({ token, client_id: NATIVE.id }, {}), 403, "unauthorized_client")
      const bearer = { Authorization: `Bearer ${access_token}` }
      await expectOAuthError(ask({ token }, bearer), 401, "invalid_client")
    }
  })

  test("S28 no token, one in the query, a wrong method: refused", async () => {
    await expectOAuthError(ask({}), 400, "invalid_request", /token is missing/)
    const inQuery = under.app.request(`${OAUTH_PATHS.introspect}?token=x`, post({}, RESOURCE_BASIC))
    await expectOAuthError(inQuery, 400, "invalid_request", /query/)
    await expectOAuthError(under.app.request(OAUTH_PATHS.introspect), 405, "method_not_allowed")
  })
})
