import { GRANT_TYPES } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, openAppUnderTest, STORES } from "../testing.ts"
import {
  askToken,
  type Changes,
  CLIENTS,
  expectOAuthError,
  NATIVE,
  OFFLINE,
  signedIn,
  statusWith,
  tokensIn,
  WEB,
  WEB_BASIC,
  WEB_REDIRECT,
} from "./testing.ts"

describe.each(STORES)("refresh tokens on %s", (_, store) => {
  let under: AppUnderTest
  let cookie: string
  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), clients: CLIENTS })
    cookie = await under.signIn()
  })
  afterAll(() => under.close())

  const native = (scope = OFFLINE) => signedIn(under, cookie, { scope })
  const web = () =>
    signedIn(under, cookie, { client_id: WEB.id, redirect_uri: WEB_REDIRECT, scope: OFFLINE }, WEB_BASIC)
  const refresh = (refresh_token: string, changes: Changes = {}, headers: Record<string, string> = {}) => {
    const grant_type = GRANT_TYPES.refreshToken
    return askToken(under, { grant_type, refresh_token, client_id: NATIVE.id, ...changes }, headers)
  }
  const refreshed = async (refresh_token: string, changes: Changes = {}) => {
    const tokens = await tokensIn(await refresh(refresh_token, changes))
    return { ...tokens, refresh_token: tokens.refresh_token ?? "" }
  }

  test("rotation gives new tokens of the same session; the old access token works on", async () => {
    const first = await native()
    const response = await refresh(first.refresh_token)
    expect(response.headers.get("pragma")).toBe("no-cache")
    expect(await response.json()).toEqual({
      access_token: expect.stringMatching(/^alchemy_at_[0-9A-Za-z]{53}$/),
      token_type: "Bearer",
      expires_in: 3600,
      scope: OFFLINE,
      refresh_token: expect.stringMatching(/^alchemy_rt_[0-9A-Za-z]{53}$/),
      session_id: first.session_id,
      account: first.account,
    })
    const second = await refreshed(first.refresh_token)
    expect(second.access_token).not.toBe(first.access_token)
    expect(second.refresh_token).not.toBe(first.refresh_token)
    for (const token of [first.access_token, second.access_token]) {
      expect(await statusWith(under, token)).toBe(200)
    }
  })

  test("used again within ten seconds, it gives the very same tokens", async () => {
    const { refresh_token } = await native()
    const once = await refreshed(refresh_token)
    under.clock.now += 9_999
    const again = await refreshed(refresh_token)
    expect(again).toEqual({ ...once, expires_in: 3590 })
    expect(await refreshed(once.refresh_token)).toMatchObject({ session_id: once.session_id })
  })

  test("S22 used again later, it ends the session: every token of it is dead", async () => {
    const { refresh_token } = await native()
    const next = await refreshed(refresh_token)
    under.clock.now += 10_000
    await expectOAuthError(refresh(refresh_token), 400, "invalid_grant")
    expect(await statusWith(under, next.access_token)).toBe(401)
    await expectOAuthError(refresh(next.refresh_token), 400, "invalid_grant")
  })

  test("S22 used again when its successor has been used, it ends the session at once", async () => {
    const { refresh_token } = await native()
    const next = await refreshed(refresh_token)
    const last = await refreshed(next.refresh_token)
    await expectOAuthError(refresh(refresh_token), 400, "invalid_grant")
    expect(await statusWith(under, last.access_token)).toBe(401)
    await expectOAuthError(refresh(last.refresh_token), 400, "invalid_grant")
  })

  test("S21 100 refreshes at once: one rotation, one and the same pair", async () => {
    const { refresh_token } = await native()
    const answers = await Promise.all(Array.from({ length: 100 }, () => refreshed(refresh_token)))
    expect(new Set(answers.map((tokens) => `${tokens.access_token} ${tokens.refresh_token}`)).size).toBe(1)
    expect(await statusWith(under, answers[0]?.access_token ?? "")).toBe(200)
  })

  test("fewer scopes hold for that access token, and the next refresh has all again", async () => {
    const { refresh_token } = await native()
    const fewer = await refreshed(refresh_token, { scope: "account:read" })
    expect(fewer.scope).toBe("account:read")
    expect((await under.tokens.verify(fewer.access_token))?.scopes).toEqual(["account:read"])
    expect((await refreshed(fewer.refresh_token)).scope).toBe(OFFLINE)
  })

  test.each(["account:read apps:write", "keys:manage", "openid", 'account:read"'])(
    "the scope %j is invalid_scope, and nothing is used up",
    async (scope) => {
      const { refresh_token } = await native()
      await expectOAuthError(refresh(refresh_token, { scope }), 400, "invalid_scope")
      under.clock.now += 10_000
      expect((await refresh(refresh_token)).status).toBe(200)
    },
  )

  test("a public client need not say its client_id, also when it is told that the session has ended", async () => {
    const { refresh_token, access_token } = await native()
    const next = await refreshed(refresh_token, { client_id: null })
    await under.tokens.revoke(access_token)
    await expectOAuthError(refresh(next.refresh_token, { client_id: null }), 400, "invalid_grant")
    await expectOAuthError(refresh("junk", { client_id: null }), 400, "invalid_grant")
  })

  test("a confidential client must prove itself, and its token is not spoiled", async () => {
    const { refresh_token } = await web()
    await expectOAuthError(refresh(refresh_token, { client_id: null }), 401, "invalid_client")
    await expectOAuthError(refresh(refresh_token, { client_id: WEB.id }), 401, "invalid_client")
    under.clock.now += 10_000
    expect((await refresh(refresh_token, { client_id: null }, WEB_BASIC)).status).toBe(200)
  })

  test("S24 another client's refresh token: invalid_grant, and it is not spoiled", async () => {
    const [mine, foreign] = [await native(), await web()]
    await expectOAuthError(refresh(foreign.refresh_token), 400, "invalid_grant")
    await expectOAuthError(refresh(mine.refresh_token, { client_id: null }, WEB_BASIC), 400, "invalid_grant")
    expect((await refresh(mine.refresh_token)).status).toBe(200)
    expect((await refresh(foreign.refresh_token, { client_id: null }, WEB_BASIC)).status).toBe(200)
  })

  test("an access token is no refresh token, nor the other way round", async () => {
    const { access_token, refresh_token } = await native()
    await expectOAuthError(refresh(access_token), 400, "invalid_grant")
    expect(await statusWith(under, refresh_token)).toBe(401)
    expect((await refresh(refresh_token)).status).toBe(200)
  })

  test("S51 an access token beside it dies after an hour, the session after 90 days for all its refreshing", async () => {
    const first = await native()
    under.clock.now += 3_600_000
    expect(await statusWith(under, first.access_token)).toBe(401)
    const later = await refreshed(first.refresh_token)
    expect(await statusWith(under, later.access_token)).toBe(200)
    under.clock.now += 90 * 86_400_000 - 3_600_000 - 60_000
    const last = await refreshed(later.refresh_token)
    expect(last.expires_in).toBe(60)
    under.clock.now += 60_000
    expect(await statusWith(under, last.access_token)).toBe(401)
    await expectOAuthError(refresh(last.refresh_token), 400, "invalid_grant")
  })

  test("S48 a disabled account gets nothing, and its session is gone", async () => {
    const email = "leaving@example.com"
    const { refresh_token } = await signedIn(under, await under.signIn(email), { scope: OFFLINE })
    await under.accounts.administration.disable(email)
    await expectOAuthError(refresh(refresh_token), 400, "invalid_grant")
    expect(await under.tokens.findRefreshSession(refresh_token)).toBeNull()
  })

  test("S48 ended from the sessions list, it is dead with all its tokens", async () => {
    const { access_token, refresh_token, session_id } = await native()
    const accountId = (await under.tokens.verify(access_token))?.accountId ?? ""
    expect(await under.tokens.revokeSession(accountId, session_id)).toBe(true)
    await expectOAuthError(refresh(refresh_token), 400, "invalid_grant")
    expect(await statusWith(under, access_token)).toBe(401)
  })
})
