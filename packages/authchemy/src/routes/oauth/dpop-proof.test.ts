import { GRANT_TYPES, OAUTH_PATHS } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createProofKey, type ProofChanges, type ProofKey, signProof } from "../../dpop/testing.ts"
import { type AppUnderTest, ISSUER, openAppUnderTest, STORES } from "../testing.ts"
import {
  askToken,
  BOUND,
  type Changes,
  CLIENTS,
  codeFor,
  expectOAuthError,
  OFFLINE,
  poll,
  post,
  RESOURCE_BASIC,
  signedIn,
  startDevice,
  statusWith,
  tokensIn,
  visitDevice,
  WEB,
  WEB_BASIC,
  WEB_REDIRECT,
} from "./testing.ts"

const TOKEN_URL = ISSUER + OAUTH_PATHS.token
const ME_URL = `${ISSUER}/v1/me`

describe.each(STORES)("DPoP on %s", (_, store) => {
  let under: AppUnderTest
  let cookie: string
  let key: ProofKey
  let otherKey: ProofKey
  /** One of the nonces that the server has given. */
  let nonce: string
  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), clients: CLIENTS })
    cookie = await under.signIn()
    key = await createProofKey()
    otherKey = await createProofKey("EdDSA")
    const answer = await askToken(
      under,
      { grant_type: "authorization_code", client_id: BOUND.id, code: "x" },
      {
        DPoP: await signProof(key, { method: "POST", url: TOKEN_URL, now: under.clock.now }),
      },
    )
    nonce = answer.headers.get("dpop-nonce") ?? ""
  })
  afterAll(() => under.close())

  const code = (changes: Changes = {}) => codeFor(under, cookie, { client_id: BOUND.id, ...changes })
  const proofAtToken = (changes: ProofChanges = {}, by = key) =>
    signProof(by, { method: "POST", url: TOKEN_URL, now: under.clock.now, nonce }, changes)
  const withProof = async (fields: Changes, changes: ProofChanges = {}, by = key) =>
    askToken(under, fields, { DPoP: await proofAtToken(changes, by) })
  const boundTokens = async (changes: Changes = {}, by = key) =>
    tokensIn(await withProof(await code(changes), {}, by))
  const proofAtMe = (accessToken: string, changes: ProofChanges = {}, by = key) =>
    signProof(by, { method: "GET", url: ME_URL, now: under.clock.now, nonce, accessToken }, changes)
  const callMe = (token: string, proof: string | null) =>
    under.app.request("/v1/me", {
      headers: { Authorization: `DPoP ${token}`, ...(proof === null ? {} : { DPoP: proof }) },
    })

  async function expectRefusedAtMe(response: Response, error: string) {
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({ error, message: expect.any(String) })
    const challenge = response.headers.get("www-authenticate")
    expect(challenge).toMatch(new RegExp(`^DPoP error="${error}", algs="ES256 `))
    expect(response.headers.get("dpop-nonce")).toMatch(/^[A-Za-z0-9_-]{32}$/)
  }

  describe("at the token endpoint", () => {
    test("a proof without a nonce is asked to come again with one; then tokens are bound to its key", async () => {
      const fields = await code()
      const first = await withProof(fields, { claims: { nonce: null } })
      await expectOAuthError(first.clone(), 400, "use_dpop_nonce")
      const given = first.headers.get("dpop-nonce") ?? ""
      const response = await withProof(fields, { claims: { nonce: given } })
      expect(response.headers.get("dpop-nonce")).toMatch(/^[A-Za-z0-9_-]{32}$/)
      const tokens = await tokensIn(response)
      expect(tokens.token_type).toBe("DPoP")
      const session = await under.tokens.verify(tokens.access_token, key.thumbprint)
      expect(session?.keyThumbprint).toBe(key.thumbprint)
    })

    test("a client that must bring a proof and brings none: invalid_dpop_proof, and nothing is used up", async () => {
      const fields = await code()
      await expectOAuthError(askToken(under, fields), 400, "invalid_dpop_proof", /must send a DPoP proof/)
      expect((await withProof(fields)).status).toBe(200)
    })

    test("another client brings one or none as it likes", async () => {
      const bound = await tokensIn(await withProof(await codeFor(under, cookie)))
      expect(bound.token_type).toBe("DPoP")
      const bearer = await askToken(under, await codeFor(under, cookie))
      expect(bearer.headers.get("dpop-nonce")).toBeNull()
      expect((await tokensIn(bearer)).token_type).toBe("Bearer")
    })

    test.each<[string, ProofChanges]>([
      ["another method", { claims: { htm: "GET" } }],
      ["another endpoint", { claims: { htu: `${ISSUER}/oauth/par` } }],
      ["another server", { claims: { htu: "https://evil.example/oauth/token" } }],
      ["an old one", { claims: { iat: 1 } }],
      ["one from the future", { claims: { iat: 4_000_000_000 } }],
      ["no jti", { claims: { jti: null } }],
      ["another typ", { header: { typ: "JWT" } }],
      ["another key's signature", { header: { jwk: null } }],
    ])("a proof of %s: invalid_dpop_proof, and nothing is used up", async (_what, changes) => {
      const fields = await code()
      await expectOAuthError(withProof(fields, changes), 400, "invalid_dpop_proof")
      expect((await withProof(fields)).status).toBe(200)
    })

    test("a nonce that is old or made up: use_dpop_nonce", async () => {
      const fields = await code()
      const madeUp = withProof(fields, { claims: { nonce: "x".repeat(32) } })
      await expectOAuthError(madeUp, 400, "use_dpop_nonce")
      expect((await withProof(fields)).status).toBe(200)
    })

    test("two proofs, and junk: invalid_dpop_proof", async () => {
      const fields = await code()
      const two = `${await proofAtToken()}, ${await proofAtToken()}`
      for (const DPoP of [two, "x", ""]) {
        await expectOAuthError(askToken(under, fields, { DPoP }), 400, "invalid_dpop_proof")
      }
      expect((await withProof(fields)).status).toBe(200)
    })

    test("S21 a proof is good once, also among 20 at once", async () => {
      const DPoP = await proofAtToken()
      const forms = await Promise.all(Array.from({ length: 20 }, () => code()))
      const answers = await Promise.all(forms.map((fields) => askToken(under, fields, { DPoP })))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      for (const refused of answers.filter(({ status }) => status !== 200)) {
        await expectOAuthError(refused, 400, "invalid_dpop_proof", /used before/)
      }
    })

    test("S24 a code that was asked for with dpop_jkt is redeemed with that key alone", async () => {
      const fields = await code({ dpop_jkt: key.thumbprint })
      await expectOAuthError(withProof(fields, {}, otherKey), 400, "invalid_grant")
      expect((await withProof(fields)).status).toBe(200)
    })

    test("a device's tokens are bound as well", async () => {
      const { device_code, user_code } = await startDevice(under, { client_id: BOUND.id })
      await visitDevice(under, cookie).decide(user_code, "approve")
      const client = { client_id: BOUND.id }
      await expectOAuthError(poll(under, device_code, client), 400, "invalid_dpop_proof")
      const fields = { grant_type: GRANT_TYPES.deviceCode, device_code, ...client }
      expect((await tokensIn(await withProof(fields))).token_type).toBe("DPoP")
    })
  })

  describe("at the refresh", () => {
    const refresh = (refresh_token = "", client_id: string | null = BOUND.id) => ({
      ...{ grant_type: GRANT_TYPES.refreshToken, refresh_token, client_id },
    })

    test("a public client needs the same key; what is refused spoils nothing", async () => {
      const { refresh_token } = await boundTokens({ scope: OFFLINE })
      await expectOAuthError(withProof(refresh(refresh_token), {}, otherKey), 400, "invalid_grant")
      await expectOAuthError(askToken(under, refresh(refresh_token)), 400, "invalid_dpop_proof")
      under.clock.now += 10_000
      const next = await tokensIn(await withProof(refresh(refresh_token)))
      expect(next.token_type).toBe("DPoP")
      expect((await callMe(next.access_token, await proofAtMe(next.access_token))).status).toBe(200)
    })

    test("a session that is not bound cannot become so, nor the other way round", async () => {
      const bearer = await signedIn(under, cookie, { scope: OFFLINE })
      await expectOAuthError(withProof(refresh(bearer.refresh_token, "native")), 400, "invalid_grant")
      const bound = await tokensIn(await withProof(await codeFor(under, cookie, { scope: OFFLINE })))
      await expectOAuthError(askToken(under, refresh(bound.refresh_token, "native")), 400, "invalid_grant")
    })

    test("a confidential client may come with another key", async () => {
      const fields = await codeFor(under, cookie, {
        ...{ client_id: WEB.id, redirect_uri: WEB_REDIRECT, scope: OFFLINE },
      })
      const first = await tokensIn(
        await askToken(under, fields, { ...WEB_BASIC, DPoP: await proofAtToken() }),
      )
      const DPoP = await proofAtToken({}, otherKey)
      const form = refresh(first.refresh_token, null)
      const next = await tokensIn(await askToken(under, form, { ...WEB_BASIC, DPoP }))
      const session = await under.tokens.verify(next.access_token, otherKey.thumbprint)
      expect(session?.id).toBe(first.session_id)
    })
  })

  describe("at the admin API", () => {
    test("a bound token with a proof is good; the answer brings the next nonce", async () => {
      const { access_token } = await boundTokens()
      const response = await callMe(access_token, await proofAtMe(access_token))
      expect(response.status).toBe(200)
      expect(response.headers.get("dpop-nonce")).toMatch(/^[A-Za-z0-9_-]{32}$/)
    })

    test("a nonce is asked for, and good", async () => {
      const { access_token } = await boundTokens()
      const asked = await callMe(access_token, await proofAtMe(access_token, { claims: { nonce: null } }))
      const given = asked.headers.get("dpop-nonce")
      await expectRefusedAtMe(asked, "use_dpop_nonce")
      const again = await callMe(access_token, await proofAtMe(access_token, { claims: { nonce: given } }))
      expect(again.status).toBe(200)
    })

    test("a bound token is no bearer token", async () => {
      const { access_token } = await boundTokens()
      expect(await statusWith(under, access_token)).toBe(401)
      const headers = { Authorization: `Bearer ${access_token}`, DPoP: await proofAtMe(access_token) }
      expect((await under.app.request("/v1/me", { headers })).status).toBe(401)
    })

    test("a bearer token, an access key and junk are no bound tokens", async () => {
      const { access_token } = await signedIn(under, cookie)
      for (const token of [access_token, "alchemy_ak_x", "junk"]) {
        await expectRefusedAtMe(await callMe(token, await proofAtMe(token)), "invalid_token")
      }
      expect(await statusWith(under, access_token)).toBe(200)
    })

    test.each<[string, ProofChanges]>([
      ["another method", { claims: { htm: "POST" } }],
      ["another path", { claims: { htu: `${ISSUER}/v1/apps` } }],
      ["another server", { claims: { htu: "https://evil.example/v1/me" } }],
      ["another token", { claims: { ath: "x".repeat(43) } }],
      ["no token", { claims: { ath: null } }],
    ])("a proof of %s: 401 invalid_dpop_proof", async (_what, changes) => {
      const { access_token } = await boundTokens()
      await expectRefusedAtMe(
        await callMe(access_token, await proofAtMe(access_token, changes)),
        "invalid_dpop_proof",
      )
    })

    test("no proof, and the proof of another key, are refused", async () => {
      const { access_token } = await boundTokens()
      await expectRefusedAtMe(await callMe(access_token, null), "invalid_dpop_proof")
      const foreign = await callMe(access_token, await proofAtMe(access_token, {}, otherKey))
      await expectRefusedAtMe(foreign, "invalid_token")
    })

    test("a proof is good once", async () => {
      const { access_token } = await boundTokens()
      const proof = await proofAtMe(access_token)
      expect((await callMe(access_token, proof)).status).toBe(200)
      await expectRefusedAtMe(await callMe(access_token, proof), "invalid_dpop_proof")
    })

    test("a scope that is lacking is said in the same scheme", async () => {
      const { access_token } = await boundTokens({ scope: "apps:read" })
      const response = await callMe(access_token, await proofAtMe(access_token))
      expect(response.status).toBe(403)
      expect(response.headers.get("www-authenticate")).toMatch(
        /^DPoP error="insufficient_scope", algs="[^"]+", scope="account:read"$/,
      )
    })

    test("a resource server is told the key", async () => {
      const { access_token } = await boundTokens()
      const request = post({ token: access_token }, RESOURCE_BASIC)
      expect(await (await under.app.request(OAUTH_PATHS.introspect, request)).json()).toMatchObject({
        ...{ active: true, token_type: "DPoP", client_id: BOUND.id, cnf: { jkt: key.thumbprint } },
      })
    })

    test("who holds it can end it without a proof", async () => {
      const { access_token } = await boundTokens()
      await under.app.request(OAUTH_PATHS.revoke, post({ token: access_token, client_id: BOUND.id }))
      await expectRefusedAtMe(await callMe(access_token, await proofAtMe(access_token)), "invalid_token")
    })
  })

  test("a nonce is good for five minutes", async () => {
    const fields = await code()
    under.clock.now += 300_001
    await expectOAuthError(withProof(fields), 400, "use_dpop_nonce")
  })
})
