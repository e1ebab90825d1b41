import { randomBytes } from "node:crypto"
import { ALCHEMY_GRANT, revocationHandleOf, SCOPES, type Scope } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { mintToken, tagOf } from "../../token-format.ts"
import { createTokenService } from "../../token-service.ts"
import { type ContractSetting, DAY_MS, seconds } from "./setting.ts"

/** Sessions and their end, as every store must keep them. */
export function sessionContract(setting: ContractSetting): void {
  const { tokens, elsewhere, clock, newAccount, signIn, open, connect } = setting

  test("S51 a session is good until the second it expires, and not after", async () => {
    const { token } = await signIn(newAccount(), 90 * 86_400)
    const issuedAt = clock.now
    clock.now = issuedAt + 90 * DAY_MS - 1000
    expect(await tokens.verify(token)).not.toBeNull()
    clock.now = issuedAt + 90 * DAY_MS
    expect(await tokens.verify(token)).toBeNull()
    expect(await tokens.revoke(token)).toBe(false)
  })

  test("S51 a clock that is set back an hour extends no session, and brings nothing back that was revoked", async () => {
    const accountId = newAccount()
    const [kept, ended] = [await signIn(accountId), await signIn(accountId)]
    const offline = await setting.signInOffline(accountId)
    const issuedAt = clock.now
    clock.now += seconds(120)
    for (const service of [tokens, elsewhere]) await service.verify(ended.token)
    expect(await tokens.revoke(ended.token)).toBe(true)
    expect(await tokens.revokeSession(accountId, offline.session.id)).toBe(true)
    clock.now = issuedAt - seconds(3600)
    const fresh = await connect()
    for (const service of [tokens, elsewhere, fresh]) {
      for (const { token } of [ended, offline]) expect(await service.inspect(token)).toBeNull()
      expect(await service.findRefreshSession(offline.refreshToken)).toBeNull()
      expect(await service.verify(kept.token)).toMatchObject({ expiresAt: kept.session.expiresAt })
      expect(await service.revoke(ended.token)).toBe(false)
    }
    await fresh.close()
    const during = await signIn(accountId, 60)
    expect(await elsewhere.verify(during.token)).not.toBeNull()
    expect(await elsewhere.revoke(during.token)).toBe(true)
    expect(await tokens.verify(during.token)).toBeNull()
    clock.now = kept.session.expiresAt - 1000
    expect(await tokens.verify(kept.token)).not.toBeNull()
    clock.now = kept.session.expiresAt
    expect(await tokens.verify(kept.token)).toBeNull()
    expect(await elsewhere.verify(kept.token)).toBeNull()
  })

  test("what has expired is neither listed nor counted", async () => {
    const accountId = newAccount()
    await signIn(accountId, 60)
    const { session } = await signIn(accountId, 3600)
    clock.now += seconds(61)
    expect(await tokens.listSessions(accountId)).toEqual([session])
    expect(await tokens.revokeSessions(accountId)).toBe(1)
  })

  test("an account's sessions are listed, the newest first, and nobody else's", async () => {
    const accountId = newAccount()
    const first = (await signIn(accountId)).session
    clock.now += seconds(1)
    const second = (await signIn(accountId)).session
    await signIn(newAccount())
    expect(await elsewhere.listSessions(accountId)).toEqual([second, first])
  })

  test("one is ended by its id, by its own account only", async () => {
    const accountId = newAccount()
    const { token, session } = await signIn(accountId)
    const other = await signIn(accountId)
    expect(await tokens.revokeSession(newAccount(), session.id)).toBe(false)
    expect(await tokens.revokeSession(accountId, "no-such-session-")).toBe(false)
    expect(await tokens.verify(token)).not.toBeNull()
    expect(await tokens.revokeSession(accountId, session.id)).toBe(true)
    expect(await elsewhere.verify(token)).toBeNull()
    expect(await tokens.revokeSession(accountId, session.id)).toBe(false)
    expect(await tokens.listSessions(accountId)).toEqual([other.session])
  })

  test("S47 two accounts that share a tag do not reach each other's sessions", async () => {
    const [one, other] = ["account-405", "account-6049"] as const
    expect(tagOf(one)).toBe(tagOf(other))
    const [mine, theirs] = [await signIn(one), await signIn(other)]
    expect(await tokens.listSessions(one)).toEqual([mine.session])
    expect(await tokens.revokeSession(one, theirs.session.id)).toBe(false)
    expect(await tokens.revokeSessions(one)).toBe(1)
    expect(await tokens.verify(mine.token)).toBeNull()
    expect(await tokens.verify(theirs.token)).toEqual(theirs.session)
    expect(await tokens.revokeSessions(other)).toBe(1)
  })

  test("all others are ended, then all", async () => {
    const accountId = newAccount()
    const issued = await Promise.all(Array.from({ length: 5 }, () => signIn(accountId)))
    const [mine, ...others] = issued
    if (mine === undefined) throw new Error("no session")
    expect(await tokens.revokeSessions(accountId, { sessionId: mine.session.id })).toBe(4)
    for (const { token } of others) expect(await elsewhere.verify(token)).toBeNull()
    expect(await tokens.verify(mine.token)).not.toBeNull()
    expect(await tokens.revokeSessions(accountId)).toBe(1)
    expect(await tokens.verify(mine.token)).toBeNull()
    expect(await tokens.listSessions(accountId)).toEqual([])
  })

  test("S46 a call that starts after the revocation is refused, on every connection", async () => {
    const { token } = await signIn(newAccount())
    expect(await tokens.revoke(token)).toBe(true)
    expect(await tokens.verify(token)).toBeNull()
    expect(await elsewhere.verify(token)).toBeNull()
    expect(await elsewhere.revoke(token)).toBe(false)
  })

  test("of 50 revocations of one token at once, one ended it", async () => {
    const { token } = await signIn(newAccount())
    const ended = await Promise.all(
      Array.from({ length: 50 }, (_, index) => (index % 2 ? tokens : elsewhere).revoke(token)),
    )
    expect(ended.filter(Boolean)).toHaveLength(1)
  })

  test("S47 what is unknown or foreign ends nothing", async () => {
    const { token, session } = await signIn(newAccount())
    const forged = `${token.slice(0, -7)}${token.at(-7) === "0" ? "1" : "0"}${token.slice(-6)}`
    for (const text of [forged, "", "alchemy_at_", "x".repeat(64)]) {
      expect(await tokens.revoke(text)).toBe(false)
      expect(await tokens.verify(text)).toBeNull()
    }
    expect(await tokens.verify(token)).toEqual(session)
  })

  test("the revocation handle ends the session and does nothing else", async () => {
    const { token } = await signIn(newAccount())
    const handle = revocationHandleOf(token) ?? ""
    expect(await tokens.verify(handle)).toBeNull()
    expect(await tokens.revoke(handle)).toBe(false)
    expect(await tokens.revokeByHandle(`${handle.slice(0, 5)}${"A".repeat(43)}`)).toBe(false)
    expect(await tokens.revokeByHandle(`zzzz${handle.slice(4)}`)).toBe(false)
    expect(await tokens.revokeByHandle("junk")).toBe(false)
    expect(await tokens.verify(token)).not.toBeNull()
    expect(await tokens.revokeByHandle(handle)).toBe(true)
    expect(await elsewhere.verify(token)).toBeNull()
    expect(await tokens.revokeByHandle(handle)).toBe(false)
  })

  test("a use is noted at most once a minute, and never backwards", async () => {
    const accountId = newAccount()
    const service = await connect()
    const { token, session } = await signIn(accountId)
    const lastUse = async () => (await elsewhere.listSessions(accountId))[0]?.lastUsedAt
    clock.now = session.createdAt + seconds(59)
    await service.verify(token)
    await service.close()
    expect(await lastUse()).toBe(session.createdAt)

    const later = await connect()
    clock.now = session.createdAt + seconds(61)
    await Promise.all(Array.from({ length: 20 }, () => later.verify(token)))
    await later.close()
    expect(await lastUse()).toBe(session.createdAt + seconds(61))

    const store = await open()
    const slow = createTokenService({ store, now: () => session.createdAt + seconds(30) })
    await slow.verify(token)
    await slow.close()
    expect(await lastUse()).toBe(session.createdAt + seconds(61))
  })

  test("a use that is noted while the session ends does not bring it back", async () => {
    for (let round = 0; round < 20; round++) {
      const { token } = await signIn(newAccount())
      clock.now += seconds(61)
      await Promise.all([tokens.verify(token), elsewhere.revoke(token), tokens.verify(token)])
      expect(await tokens.verify(token)).toBeNull()
    }
  })

  test("S49 a sign-in during `revoke all` is either listed or refused", async () => {
    for (let round = 0; round < 20; round++) {
      const accountId = newAccount()
      const [issued] = await Promise.all([
        Promise.all(Array.from({ length: 10 }, () => signIn(accountId))),
        elsewhere.revokeSessions(accountId),
      ])
      const listed = new Set((await tokens.listSessions(accountId)).map(({ id }) => id))
      for (const { token, session } of issued) {
        expect((await tokens.verify(token)) !== null).toBe(listed.has(session.id))
      }
    }
  })

  test("S47 a token of the right form that never was ends nothing and opens nothing", async () => {
    const { token, session } = await signIn(newAccount())
    const never = mintToken("at", session.accountId, randomBytes)
    expect(await tokens.revoke(never)).toBe(false)
    expect(await tokens.verify(never)).toBeNull()
    expect(await tokens.revokeByHandle(revocationHandleOf(never) ?? "")).toBe(false)
    expect(await tokens.verify(token)).toEqual(session)
  })

  test("a token that is bound to a key is no bearer token and no other key's, nor the other way round", async () => {
    const accountId = newAccount()
    const request = { ...ALCHEMY_GRANT, accountId, expiresInSeconds: 3600, device: {} }
    const bound = await tokens.createSession({ ...request, keyThumbprint: "key-1" })
    const bearer = await tokens.createSession(request)
    expect(await elsewhere.verify(bound.token, "key-1")).toEqual(bound.session)
    expect(await elsewhere.verify(bound.token)).toBeNull()
    expect(await elsewhere.verify(bound.token, "key-2")).toBeNull()
    expect(await elsewhere.verify(bearer.token)).toEqual(bearer.session)
    expect(await elsewhere.verify(bearer.token, "key-1")).toBeNull()
    expect(await elsewhere.inspect(bound.token)).toEqual(bound.session)
    expect(await elsewhere.inspect(bearer.token)).toEqual(bearer.session)
    expect(await tokens.revoke(bound.token)).toBe(true)
    expect(await elsewhere.inspect(bound.token)).toBeNull()
  })

  test("a use with the wrong key is none: it is not noted", async () => {
    const accountId = newAccount()
    const service = await connect()
    const { token, session } = await signIn(accountId)
    clock.now += seconds(120)
    await service.verify(token, "key-1")
    await service.close()
    expect(await tokens.listSessions(accountId)).toEqual([session])
  })

  test("whatever is granted is what is kept: the client, and the scopes, none included", async () => {
    for (const scopes of [[], ["account:read"], ["offline_access"], [...SCOPES].reverse(), SCOPES] as const) {
      const request = { clientId: "deploy-tool", scopes, accountId: newAccount(), device: {} }
      const { token, session } = await tokens.createSession({ ...request, expiresInSeconds: 60 })
      const kept = SCOPES.filter((scope) => (scopes as readonly Scope[]).includes(scope))
      expect(await tokens.verify(token)).toMatchObject({ clientId: "deploy-tool", scopes: kept })
      expect(await tokens.listSessions(session.accountId)).toEqual([session])
    }
  })
}
