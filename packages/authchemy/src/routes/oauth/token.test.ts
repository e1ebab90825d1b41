import { codeVerifierFrom, GRANT_TYPES } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, openAppUnderTest, STORES } from "../testing.ts"
import {
  askToken,
  type Changes,
  CLIENTS,
  codeFor,
  expectOAuthError,
  OFFLINE,
  PLAIN,
  statusWith,
  tokensIn,
  WEB_BASIC,
} from "./testing.ts"

describe.each(STORES)("codes on %s", (_, store) => {
  let under: AppUnderTest
  let cookie: string
  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), clients: CLIENTS })
    cookie = await under.signIn()
  })
  afterAll(() => under.close())

  const code = (changes: Changes = {}) => codeFor(under, cookie, changes)
  const redeem = (fields: Changes, headers: Record<string, string> = {}) => askToken(under, fields, headers)

  test("S20 a code is exchanged for tokens that work, and the answer is kept by nobody", async () => {
    const response = await redeem(await code({ scope: OFFLINE }))
    expect(response.headers.get("cache-control")).toBe("no-store")
    expect(response.headers.get("pragma")).toBe("no-cache")
    expect(response.headers.get("referrer-policy")).toBe("no-referrer")
    const body = (await response.clone().json()) as Record<string, unknown>
    expect(body).toEqual({
      access_token: expect.stringMatching(/^alchemy_at_[0-9A-Za-z]{53}$/),
      token_type: "Bearer",
      expires_in: 3600,
      scope: OFFLINE,
      refresh_token: expect.stringMatching(/^alchemy_rt_[0-9A-Za-z]{53}$/),
      session_id: expect.any(String),
      account: { id: expect.any(String), email: "ann@example.com", name: "Ann" },
    })
    const { access_token, session_id } = await tokensIn(response)
    expect((await under.tokens.verify(access_token))?.id).toBe(session_id)
    expect(await statusWith(under, access_token)).toBe(200)
  })

  test("without account:read the answer does not say whose tokens they are", async () => {
    const response = await redeem(await code({ scope: "apps:read" }))
    expect(Object.keys((await response.json()) as object).toSorted()).toEqual([
      "access_token",
      "expires_in",
      "scope",
      "session_id",
      "token_type",
    ])
  })

  test.each([
    [null, 7_776_000],
    ["", 7_776_000],
    ["9999999", 7_776_000],
    ["60", 60],
    ["3601", 3601],
  ])("expires_in_seconds=%j gives %j seconds", async (expires_in_seconds, granted) => {
    const { expires_in } = await tokensIn(await redeem({ ...(await code()), expires_in_seconds }))
    expect(expires_in).toBe(granted)
  })

  test.each(["59", "0", "-60", "60.5", "6e3", "x", " 60", "1".repeat(13)])(
    "expires_in_seconds=%j is refused and uses nothing up",
    async (expires_in_seconds) => {
      const fields = await code()
      const refused = redeem({ ...fields, expires_in_seconds })
      await expectOAuthError(refused, 400, "invalid_request", /expires_in_seconds/)
      expect((await redeem(fields)).status).toBe(200)
    },
  )

  test("S21 100 redemptions at once: one is answered with tokens, and no other", async () => {
    const fields = await code()
    const answers = await Promise.all(Array.from({ length: 100 }, () => redeem(fields)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 400)).toHaveLength(99)
  })

  test("S22 redeemed, used, redeemed again with the verifier: that session is dead, its refresh token too", async () => {
    const fields = await code({ scope: OFFLINE })
    const { access_token, refresh_token = "" } = await tokensIn(await redeem(fields))
    expect(await statusWith(under, access_token)).toBe(200)
    await expectOAuthError(redeem(fields), 400, "invalid_grant")
    expect(await statusWith(under, access_token)).toBe(401)
    const refresh = { grant_type: GRANT_TYPES.refreshToken, refresh_token, client_id: "native" }
    await expectOAuthError(redeem(refresh), 400, "invalid_grant")
  })

  test("S22 redeemed again without the verifier: refused, and the session lives", async () => {
    const fields = await code()
    const { access_token } = await tokensIn(await redeem(fields))
    const verifier = codeVerifierFrom((size) => Buffer.alloc(size, 1))
    await expectOAuthError(redeem({ ...fields, code_verifier: verifier }), 400, "invalid_grant")
    await expectOAuthError(redeem({ ...fields, code_verifier: null }), 400, "invalid_grant")
    expect(await statusWith(under, access_token)).toBe(200)
  })

  test("S23 a wrong verifier, and none, are refused; the right one still works", async () => {
    const fields = await code()
    const wrong = codeVerifierFrom((size) => Buffer.alloc(size, 7))
    await expectOAuthError(redeem({ ...fields, code_verifier: wrong }), 400, "invalid_grant")
    await expectOAuthError(redeem({ ...fields, code_verifier: null }), 400, "invalid_grant")
    await expectOAuthError(redeem({ ...fields, code_verifier: "" }), 400, "invalid_grant")
    expect((await redeem(fields)).status).toBe(200)
  })

  test.each(["short", "v".repeat(42), "v".repeat(129), `${"v".repeat(43)}!`, `${"v".repeat(43)}\n`])(
    "S23 the malformed verifier %j: invalid_request, and nothing is used up",
    async (code_verifier) => {
      const fields = await code()
      await expectOAuthError(redeem({ ...fields, code_verifier }), 400, "invalid_request", /code_verifier/)
      expect((await redeem(fields)).status).toBe(200)
    },
  )

  test.each([
    "http://127.0.0.1:51005/cb",
    "http://localhost:51004/cb",
    "http://127.0.0.1:51004/cb/",
    "http://127.0.0.1/cb",
    "https://127.0.0.1:51004/cb",
  ])("S24 redeemed with the redirect_uri %s: invalid_grant", async (redirect_uri) => {
    const fields = await code()
    await expectOAuthError(redeem({ ...fields, redirect_uri }), 400, "invalid_grant")
    expect((await redeem(fields)).status).toBe(200)
  })

  test("S24 redeemed by another client: invalid_grant, and the code is not spoiled", async () => {
    const fields = await code()
    await expectOAuthError(redeem({ ...fields, client_id: PLAIN.id }), 400, "invalid_grant")
    await expectOAuthError(redeem({ ...fields, client_id: null }, WEB_BASIC), 400, "invalid_grant")
    expect((await redeem(fields)).status).toBe(200)
  })

  test("S24 a code of the built-in client is not redeemed as another's at the CLI API", async () => {
    const { code: text, code_verifier, redirect_uri } = await code()
    const body = JSON.stringify({ code: text, code_verifier, redirect_uri })
    const headers = { "Content-Type": "application/json" }
    const response = await under.app.request("/api/cli/token", { method: "POST", headers, body })
    await expectOAuthError(response, 400, "invalid_grant")
  })

  test("S25 an attacker's code in a victim's flow: invalid_grant", async () => {
    const [attacker, victim] = [await code(), await code()]
    await expectOAuthError(redeem({ ...victim, code: attacker.code ?? "" }), 400, "invalid_grant")
    expect((await redeem(victim)).status).toBe(200)
  })

  test("S26 a code can be redeemed for 60 seconds", async () => {
    const [late, inTime] = [await code(), await code()]
    under.clock.now += 59_999
    expect((await redeem(inTime)).status).toBe(200)
    under.clock.now += 1_001
    await expectOAuthError(redeem(late), 400, "invalid_grant")
  })

  test("a disabled account's code gives nothing, and leaves no session", async () => {
    const other = await under.signIn("gone@example.com")
    const fields = await codeFor(under, other)
    const { access_token } = await tokensIn(await redeem(await codeFor(under, other)))
    const accountId = (await under.tokens.verify(access_token))?.accountId ?? ""
    await under.accounts.administration.disable("gone@example.com")
    await under.tokens.revokeSessions(accountId)
    await expectOAuthError(redeem(fields), 400, "invalid_grant")
    expect(await under.tokens.listSessions(accountId)).toEqual([])
  })
})
