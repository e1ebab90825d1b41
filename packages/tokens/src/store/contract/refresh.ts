import { randomBytes } from "node:crypto"
import { revocationHandleOf } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { familyDigestOf } from "../../refresh-token.ts"
import { mintToken, tagOf } from "../../token-format.ts"
import {
  type ContractSetting,
  OFFLINE_GRANT,
  refusal,
  rejection,
  rotation,
  seconds,
  withRefreshToken,
} from "./setting.ts"

const HOUR = seconds(3600)

/** Refresh tokens and the sessions that have them, as every store must keep them. */
export function refreshContract(setting: ContractSetting): void {
  const { tokens, elsewhere, clock, newAccount, signInOffline, connect, expectEnded } = setting
  const refresh = (refreshToken: string, change: Partial<ReturnType<typeof rotation>> = {}) =>
    withRefreshToken(tokens.refresh({ ...rotation(refreshToken), ...change }))

  test("with `offline_access` there is a refresh token, and an access token of an hour in a session of 90 days", async () => {
    const accountId = newAccount()
    const { token, tokenExpiresAt, refreshToken, session } = await signInOffline(accountId)
    expect(refreshToken).toMatch(/^alchemy_rt_/)
    expect(session).toMatchObject({ ...OFFLINE_GRANT, expiresAt: clock.now + 90 * 24 * HOUR })
    expect(tokenExpiresAt).toBe(clock.now + HOUR)
    expect(await elsewhere.verify(token)).toEqual({ ...session, expiresAt: tokenExpiresAt })
    expect(await elsewhere.findRefreshSession(refreshToken)).toEqual(session)
    expect(await elsewhere.listSessions(accountId)).toEqual([session])
    clock.now += HOUR - 1
    expect(await tokens.verify(token)).not.toBeNull()
    clock.now += 1
    expect(await tokens.verify(token)).toBeNull()
    expect((await tokens.listSessions(accountId))[0]?.id).toBe(session.id)
  })

  test("an access token ends with a session that is shorter, the refreshed one too", async () => {
    const { session, tokenExpiresAt, refreshToken } = await signInOffline(newAccount(), {
      expiresInSeconds: 90,
    })
    expect(tokenExpiresAt).toBe(session.expiresAt)
    clock.now += seconds(60)
    const next = await refresh(refreshToken)
    expect(next.tokenExpiresAt).toBe(session.expiresAt)
    expect((await tokens.verify(next.token))?.expiresAt).toBe(session.expiresAt)
  })

  test("a rotation gives new tokens of the same session; the access token before goes on, the one before that has ended", async () => {
    const accountId = newAccount()
    const first = await signInOffline(accountId)
    clock.now += seconds(20)
    const second = await refresh(first.refreshToken)
    expect(second.session).toEqual({ ...first.session, lastUsedAt: clock.now })
    expect(second.tokenExpiresAt).toBe(clock.now + HOUR)
    expect(new Set([first.token, second.token, first.refreshToken, second.refreshToken]).size).toBe(4)
    const alive = async (token: string) => (await elsewhere.verify(token)) !== null
    expect([await alive(first.token), await alive(second.token)]).toEqual([true, true])
    clock.now += seconds(20)
    const third = await refresh(second.refreshToken)
    expect(await Promise.all([first, second, third].map(({ token }) => alive(token)))).toEqual([
      false,
      true,
      true,
    ])
    const listed = { ...first.session, lastUsedAt: clock.now }
    expect(await elsewhere.listSessions(accountId)).toEqual([listed])
    clock.now = second.tokenExpiresAt
    expect([await alive(second.token), await alive(third.token)]).toEqual([false, true])
  })

  test("after the session's end there is nothing", async () => {
    const first = await signInOffline(newAccount(), { expiresInSeconds: 3 * 3600 })
    clock.now += 2 * HOUR
    const second = await refresh(first.refreshToken)
    clock.now = first.session.expiresAt - 1
    expect(await tokens.verify(second.token)).not.toBeNull()
    expect(await tokens.findRefreshSession(second.refreshToken)).not.toBeNull()
    clock.now += 1
    await expectEnded([first, second])
  })

  test("S24 another client, a wrong key or a missing one changes nothing, not even with a token that was replayed", async () => {
    const bearer = await signInOffline(newAccount())
    const bound = await signInOffline(newAccount(), { keyThumbprint: "key-1" })
    const key = { keyThumbprint: "key-1" }
    const wrong = [
      [bearer.refreshToken, { clientId: "alchemy-cli" }],
      [bearer.refreshToken, key],
      [bearer.refreshToken, { ...key, mayChangeKey: true }],
      [bound.refreshToken, {}],
      [bound.refreshToken, { mayChangeKey: true }],
      [bound.refreshToken, { keyThumbprint: "key-2" }],
      [bound.refreshToken, { ...key, clientId: "alchemy-cli" }],
    ] as const
    const tryAll = async () => {
      for (const [refreshToken, change] of wrong) {
        expect(await refusal(refresh(refreshToken, change))).toBe("mismatch")
      }
    }
    await tryAll()
    const bearerNext = await refresh(bearer.refreshToken)
    const boundNext = await refresh(bound.refreshToken, key)
    clock.now += seconds(11)
    await tryAll()
    expect(await tokens.verify(bearerNext.token)).not.toBeNull()
    expect(await tokens.verify(boundNext.token, "key-1")).not.toBeNull()
    expect(await tokens.verify(boundNext.token)).toBeNull()
    await refresh(bearerNext.refreshToken)
    await refresh(boundNext.refreshToken, key)
  })

  test("a client that has authenticated may change its key; the token before stays bound to the one before", async () => {
    const first = await signInOffline(newAccount(), { keyThumbprint: "key-1" })
    const change = { keyThumbprint: "key-2", mayChangeKey: true }
    const second = await refresh(first.refreshToken, change)
    expect(second.session.keyThumbprint).toBe("key-2")
    expect(await tokens.verify(second.token, "key-2")).toMatchObject({ keyThumbprint: "key-2" })
    expect(await tokens.verify(second.token, "key-1")).toBeNull()
    expect(await tokens.verify(first.token, "key-1")).not.toBeNull()
    const again = await refresh(first.refreshToken, { keyThumbprint: "key-3", mayChangeKey: true })
    expect(again).toEqual(second)
  })

  test("fewer scopes can be asked for, for one access token; the next may have all again", async () => {
    const scopes = ["account:read", "apps:read", "offline_access"] as const
    const first = await signInOffline(newAccount(), { scopes })
    const second = await refresh(first.refreshToken, { scopes: ["apps:read"] })
    expect(second.session.scopes).toEqual(["apps:read"])
    expect((await tokens.verify(second.token))?.scopes).toEqual(["apps:read"])
    expect((await tokens.verify(first.token))?.scopes).toEqual(scopes)
    expect((await tokens.findRefreshSession(second.refreshToken))?.scopes).toEqual(scopes)
    const third = await refresh(second.refreshToken)
    expect((await tokens.verify(third.token))?.scopes).toEqual(scopes)
    const none = await refresh(third.refreshToken, { scopes: [] })
    expect((await tokens.verify(none.token))?.scopes).toEqual([])
  })

  test("more scopes than were granted are refused, and nothing is rotated", async () => {
    const first = await signInOffline(newAccount(), { scopes: ["apps:read", "offline_access"] })
    const second = await refresh(first.refreshToken, { scopes: ["offline_access"] })
    const more = refresh(second.refreshToken, { scopes: ["apps:read", "apps:write"] })
    expect(await rejection(more)).toMatchObject({ code: "invalid_scope" })
    expect(await tokens.verify(second.token)).not.toBeNull()
    // Nothing is rotated: the token before can still be asked for its successor.
    expect((await refresh(first.refreshToken)).refreshToken).toBe(second.refreshToken)
  })

  test("a use of an access token is one of its session", async () => {
    const accountId = newAccount()
    const first = await signInOffline(accountId)
    clock.now += seconds(120)
    const service = await connect()
    await service.verify(first.token)
    await service.close()
    expect(await elsewhere.listSessions(accountId)).toEqual([{ ...first.session, lastUsedAt: clock.now }])
    // A use of the older token that is noted late sets nothing back.
    const at = clock.now
    const second = await refresh(first.refreshToken)
    clock.now = at + seconds(90)
    const third = await refresh(second.refreshToken)
    clock.now = at + seconds(61)
    const late = await connect()
    await late.verify(second.token)
    await late.close()
    expect((await elsewhere.inspect(second.token))?.lastUsedAt).toBe(at + seconds(61))
    expect((await elsewhere.listSessions(accountId))[0]?.lastUsedAt).toBe(at + seconds(90))
    // Nor does a rotation by a clock that is behind.
    await refresh(third.refreshToken)
    expect((await elsewhere.listSessions(accountId))[0]?.lastUsedAt).toBe(at + seconds(90))
  })

  const ends = {
    "its access token": ({ third }) => tokens.revoke(third.token),
    "the access token before": ({ second }) => tokens.revoke(second.token),
    "its refresh token": ({ third }) => tokens.revoke(third.refreshToken),
    "an old refresh token": ({ first }) => tokens.revoke(first.refreshToken),
    "the handle of its access token": ({ third }) =>
      tokens.revokeByHandle(revocationHandleOf(third.token) ?? ""),
    "the handle of its family": ({ first: { refreshToken, session } }) =>
      tokens.revokeByHandle(`${tagOf(session.accountId)}.${familyDigestOf(refreshToken)}`),
    "its id": ({ first: { session } }) => tokens.revokeSession(session.accountId, session.id),
    "a call for all": async ({ first }) => (await tokens.revokeSessions(first.session.accountId)) === 2,
    "a call for all others": async ({ first, other }) =>
      (await tokens.revokeSessions(first.session.accountId, { sessionId: other.session.id })) === 1,
  } satisfies Record<
    string,
    (of: Record<"first" | "second" | "third" | "other", Awaited<ReturnType<typeof refresh>>>) => unknown
  >

  test.each(Object.entries(ends))(
    "S46 S48 a session ended by %s has ended with all its tokens",
    async (by, end) => {
      const accountId = newAccount()
      const other = await signInOffline(accountId)
      const first = await signInOffline(accountId)
      const second = await refresh(first.refreshToken)
      const third = await refresh(second.refreshToken)
      expect(await end({ first, second, third, other })).toBe(true)
      await expectEnded([first, second, third])
      if (by === "a call for all") await expectEnded([other])
      else expect(await elsewhere.verify(other.token)).not.toBeNull()
    },
  )

  test("S47 what is unknown, dead or foreign ends nothing", async () => {
    const mine = await signInOffline(newAccount())
    const ended = await signInOffline(newAccount())
    expect(await tokens.revoke(ended.refreshToken)).toBe(true)
    const never = mintToken("rt", mine.session.accountId, randomBytes)
    const texts = [
      never,
      ended.refreshToken,
      ended.token,
      `${mine.refreshToken} `,
      mine.refreshToken.slice(0, -1),
    ]
    for (const text of texts) {
      expect(await tokens.revoke(text)).toBe(false)
      expect(await tokens.findRefreshSession(text)).toBeNull()
    }
    expect(await tokens.verify(mine.refreshToken)).toBeNull()
    expect(await tokens.inspect(mine.refreshToken)).toBeNull()
    expect(await refusal(tokens.refresh(rotation(never)))).toBe("unknown")
    expect(await refusal(tokens.refresh(rotation(mine.token)))).toBe("malformed")
    expect(await tokens.verify(mine.token)).not.toBeNull()
    await refresh(mine.refreshToken)
  })

  test("S47 an access token that has ended ends nothing, though its session goes on", async () => {
    const mine = await signInOffline(newAccount())
    clock.now += HOUR
    expect(await tokens.revoke(mine.token)).toBe(false)
    expect(await tokens.revokeByHandle(revocationHandleOf(mine.token) ?? "")).toBe(false)
    await refresh(mine.refreshToken)
  })

  test("S47 two accounts that share a tag do not reach each other's refreshed sessions", async () => {
    const [one, other] = ["account-405", "account-6049"] as const
    expect(tagOf(one)).toBe(tagOf(other))
    const mine = await signInOffline(one)
    const theirs = await signInOffline(other)
    const next = await refresh(mine.refreshToken)
    expect(await tokens.revokeSession(one, theirs.session.id)).toBe(false)
    expect(await tokens.revokeSessions(one)).toBe(1)
    await expectEnded([mine, next])
    expect(await tokens.verify(theirs.token)).not.toBeNull()
    expect((await refresh(theirs.refreshToken)).session.accountId).toBe(other)
    expect(await tokens.revokeSessions(other)).toBe(1)
  })
}
