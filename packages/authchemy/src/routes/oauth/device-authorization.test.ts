import { randomBytes } from "node:crypto"
import { codeChallengeOf, codeVerifierFrom, OAUTH_PATHS } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, ISSUER, openAppUnderTest, STORES } from "../testing.ts"
import {
  type Changes,
  CLIENTS,
  DEVICE_ONLY,
  type DeviceVisit,
  expectOAuthError,
  NATIVE,
  OFFLINE,
  PLAIN,
  poll,
  post,
  startDevice,
  statusWith,
  tokensIn,
  visitDevice,
  WEB_BASIC,
} from "./testing.ts"

describe.each(STORES)("the device flow on %s", (_, store) => {
  let under: AppUnderTest
  let ann: DeviceVisit
  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), clients: CLIENTS })
    ann = visitDevice(under, await under.signIn())
  })
  afterAll(() => under.close())

  const start = (changes: Changes = {}) => startDevice(under, changes)
  const pollError = async (device_code: string, error: string, changes: Changes = {}) => {
    await expectOAuthError(poll(under, device_code, changes), 400, error)
  }

  test("begins with a device code, a user code and where to go; the answer is kept by nobody", async () => {
    const path = OAUTH_PATHS.deviceAuthorization
    const response = await under.app.request(path, post({ client_id: NATIVE.id }))
    expect(response.status).toBe(200)
    expect(response.headers.get("cache-control")).toBe("no-store")
    const body = (await response.json()) as { user_code: string }
    expect(body).toEqual({
      device_code: expect.stringMatching(/^alchemy_dc_[0-9A-Za-z]{53}$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${ISSUER}/device`,
      verification_uri_complete: `${ISSUER}/device?user_code=${body.user_code}`,
      expires_in: 600,
      interval: 5,
    })
  })

  test.each<[string, Changes, string, RegExp]>([
    ["a client without the grant", { client_id: PLAIN.id }, "unauthorized_client", /device_code/],
    ["an unknown scope", { scope: "openid" }, "invalid_scope", /scope/],
    [
      "a scope that it cannot have",
      { client_id: DEVICE_ONLY.id, scope: "offline_access" },
      "invalid_scope",
      /scope/,
    ],
    ["a challenge without a method", { code_challenge: "x" }, "invalid_request", /S256/],
    ["plain", { code_challenge: "x", code_challenge_method: "plain" }, "invalid_request", /S256/],
    [
      "a method without a challenge",
      { code_challenge_method: "S256" },
      "invalid_request",
      /code_challenge is missing/,
    ],
    ["a short challenge", { code_challenge: "x", code_challenge_method: "S256" }, "invalid_request", /43/],
  ])("asked with %s: refused", async (_what, changes, error, naming) => {
    const request = post({ client_id: NATIVE.id, ...changes })
    await expectOAuthError(under.app.request(OAUTH_PATHS.deviceAuthorization, request), 400, error, naming)
  })

  test("a client that authenticates may not either where it is not registered for it", async () => {
    const request = post({}, WEB_BASIC)
    await expectOAuthError(
      under.app.request(OAUTH_PATHS.deviceAuthorization, request),
      400,
      "unauthorized_client",
    )
  })

  test("approved, it gives tokens with what was asked for, and is named as it is registered", async () => {
    const claims = { device: `ann\n\u202elaptop${"x".repeat(80)}`, os: " Linux ", client: "renamed/1" }
    const { device_code, user_code } = await start({ ...claims, scope: OFFLINE })
    await pollError(device_code, "authorization_pending")
    expect((await ann.decide(user_code, "approve")).status).toBe(200)
    under.clock.now += 5000
    const tokens = await tokensIn(await poll(under, device_code))
    expect(tokens).toMatchObject({ scope: OFFLINE, token_type: "Bearer", expires_in: 3600 })
    expect(tokens.refresh_token).toMatch(/^alchemy_rt_/)
    expect(tokens.account?.email).toBe("ann@example.com")
    const session = await under.tokens.verify(tokens.access_token)
    const name = `ann laptop${"x".repeat(54)}`
    expect(session?.device).toEqual({ name, os: "Linux", client: "Native Program" })
  })

  test("the built-in client keeps what it calls itself", async () => {
    const client_id = "alchemy-cli"
    const { device_code, user_code } = await start({ client_id, client: "alchemy-cli/2" })
    await ann.decide(user_code, "approve")
    const { access_token } = await tokensIn(await poll(under, device_code, { client_id }))
    expect((await under.tokens.verify(access_token))?.device).toEqual({ client: "alchemy-cli/2" })
  })

  test("S36 the first poll may come at once", async () => {
    await pollError((await start()).device_code, "authorization_pending")
  })

  test("S35 polled each second: slow_down, five seconds more each time; a patient client gets there", async () => {
    const { device_code, user_code } = await start()
    await pollError(device_code, "authorization_pending")
    under.clock.now += 5000
    await pollError(device_code, "authorization_pending")
    for (let polls = 0; polls < 3; polls++) {
      under.clock.now += 1000
      await pollError(device_code, "slow_down")
    }
    // 5 + 3 × 5 seconds now, and it stays so.
    for (let polls = 0; polls < 2; polls++) {
      under.clock.now += 20_000
      await pollError(device_code, "authorization_pending")
    }
    under.clock.now += 19_999
    await pollError(device_code, "slow_down")
    await ann.decide(user_code, "approve")
    under.clock.now += 25_000
    expect((await poll(under, device_code)).status).toBe(200)
  })

  test("S35 an approval is answered at once, also to one that polls too soon", async () => {
    const { device_code, user_code } = await start()
    await pollError(device_code, "authorization_pending")
    await ann.decide(user_code, "approve")
    expect((await poll(under, device_code)).status).toBe(200)
  })

  test("S43 100 polls at once after approval: one token; then invalid_grant, and the token lives", async () => {
    const { device_code, user_code } = await start()
    await ann.decide(user_code, "approve")
    const answers = await Promise.all(Array.from({ length: 100 }, () => poll(under, device_code)))
    const [won, ...others] = answers.toSorted((one, other) => one.status - other.status)
    expect(others.map(({ status }) => status)).toEqual(Array.from({ length: 99 }, () => 400))
    for (const other of others) await expectOAuthError(other, 400, "invalid_grant")
    await pollError(device_code, "invalid_grant")
    const { access_token } = await tokensIn(won ?? Response.error())
    expect(await statusWith(under, access_token)).toBe(200)
  })

  test("S44 denied: access_denied, each time", async () => {
    const { device_code, user_code } = await start()
    await ann.decide(user_code, "deny")
    await pollError(device_code, "access_denied")
    await pollError(device_code, "access_denied")
  })

  test("S44 after ten minutes: expired_token, and it cannot be approved any more", async () => {
    const [pending, claimed] = [await start(), await start()]
    const page = await (await ann.type(claimed.user_code)).text()
    under.clock.now += 599_999
    await pollError(pending.device_code, "authorization_pending")
    under.clock.now += 1
    await pollError(pending.device_code, "expired_token")
    await pollError(claimed.device_code, "expired_token")
    expect((await ann.answer(page, "approve")).status).toBe(400)
    await pollError(claimed.device_code, "expired_token")
  })

  test("approved in the last second, it can be collected for two minutes, then: expired_token", async () => {
    const [inTime, late] = [await start(), await start()]
    under.clock.now += 599_000
    await ann.decide(inTime.user_code, "approve")
    await ann.decide(late.user_code, "approve")
    under.clock.now += 119_999
    expect((await poll(under, inTime.device_code)).status).toBe(200)
    under.clock.now += 1
    await pollError(late.device_code, "expired_token")
  })

  test("S24 polled by another client: invalid_grant, and nothing is spoiled", async () => {
    const { device_code, user_code } = await start()
    await ann.decide(user_code, "approve")
    await pollError(device_code, "invalid_grant", { client_id: DEVICE_ONLY.id })
    await pollError(device_code, "invalid_grant", { client_id: "alchemy-cli" })
    expect((await poll(under, device_code)).status).toBe(200)
  })

  test("S23 with a challenge only the holder of the verifier gets the token", async () => {
    const code_verifier = codeVerifierFrom(randomBytes)
    const challenge = { code_challenge: codeChallengeOf(code_verifier), code_challenge_method: "S256" }
    const { device_code, user_code } = await start(challenge)
    await ann.decide(user_code, "approve")
    await pollError(device_code, "invalid_grant")
    await pollError(device_code, "invalid_grant", { code_verifier: codeVerifierFrom(randomBytes) })
    await pollError(device_code, "invalid_request", { code_verifier: "short" })
    expect((await poll(under, device_code, { code_verifier })).status).toBe(200)
  })

  test("codes that are none, or another's kind: invalid_grant", async () => {
    const { user_code } = await start()
    for (const text of ["x", user_code, `alchemy_dc_${"0".repeat(53)}`, `alchemy_ac_${"0".repeat(53)}`]) {
      await pollError(text, "invalid_grant")
    }
  })

  test("expires_in_seconds is kept", async () => {
    const { device_code, user_code } = await start()
    await ann.decide(user_code, "approve")
    const { expires_in } = await tokensIn(await poll(under, device_code, { expires_in_seconds: "60" }))
    expect(expires_in).toBe(60)
  })
})
