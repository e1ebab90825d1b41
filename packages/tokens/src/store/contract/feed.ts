import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { expect, test, vi } from "vitest"
import type { Renewal } from "../../revocation/feed-transport.ts"
import { createTokenService } from "../../token-service.ts"
import type { TokenStore } from "../store.ts"
import {
  type ContractSetting,
  closingServices,
  hold,
  OFFLINE_GRANT,
  rotation,
  withoutAppending,
  withRefreshToken,
} from "./setting.ts"

/** The feed of revocations, as every store must carry it. */
export function feedContract(setting: ContractSetting): void {
  const { tokens, elsewhere, newAccount, signIn, signInOffline, open, clock } = setting

  const serviceOn = closingServices(clock)

  test("S46 what another process holds in memory is refused by the first call after the revocation, 100 times over", async () => {
    const accountId = newAccount()
    for (let round = 0; round < 100; round++) {
      const [revoker, holder] = round % 2 === 0 ? [tokens, elsewhere] : [elsewhere, tokens]
      const { token, session } = await signIn(accountId)
      await hold(holder, token)
      if (round % 4 < 2) expect(await revoker.revoke(token)).toBe(true)
      else expect(await revoker.revokeSession(accountId, session.id)).toBe(true)
      expect(holder.verifyHeld(token) ?? null).toBeNull()
      expect(await holder.verify(token)).toBeNull()
    }
  })

  test("S46 all tokens of a session, and all sessions of an account, are forgotten everywhere", async () => {
    const accountId = newAccount()
    const first = await signInOffline(accountId)
    const second = await withRefreshToken(tokens.refresh(rotation(first.refreshToken)))
    for (const { token } of [first, second]) await hold(elsewhere, token)
    expect(await tokens.revoke(second.refreshToken)).toBe(true)
    for (const { token } of [first, second]) expect(await elsewhere.verify(token)).toBeNull()

    const issued = await Promise.all(Array.from({ length: 5 }, () => signIn(accountId)))
    for (const { token } of issued) await hold(elsewhere, token)
    expect(await tokens.revokeSessions(accountId)).toBe(5)
    for (const { token } of issued) expect(await elsewhere.verify(token)).toBeNull()
  })

  test("S22 the access token before the one before is forgotten everywhere when it ends", async () => {
    const first = await signInOffline(newAccount())
    await hold(elsewhere, first.token)
    const second = await withRefreshToken(tokens.refresh(rotation(first.refreshToken)))
    expect(elsewhere.verifyHeld(first.token)).toBeTruthy()
    await tokens.refresh(rotation(second.refreshToken))
    expect(await elsewhere.verify(first.token)).toBeNull()
    expect(await elsewhere.verify(second.token)).not.toBeNull()
  })

  test("a last use is shown by whoever noted it, and by others when they read again", async () => {
    const { token, session } = await signIn(newAccount())
    await hold(elsewhere, token)
    clock.now += 61_000
    await hold(elsewhere, token)
    expect((await elsewhere.verify(token))?.lastUsedAt).toBe(clock.now)
    await vi.waitFor(async () => {
      const [listed] = await tokens.listSessions(session.accountId)
      expect(listed?.lastUsedAt).toBe(clock.now)
    })
  })

  test("names that are announced are forgotten everywhere, and sessions of such an account or client are read again", async () => {
    const accountId = newAccount()
    const { token } = await signIn(accountId)
    await hold(elsewhere, token)
    const heard: (string | null)[] = []
    const end = elsewhere.onForgotten((item) => heard.push(item))
    await tokens.announce([`account:${accountId}`, "client:some-client"])
    expect(heard).toEqual(expect.arrayContaining([`account:${accountId}`, "client:some-client"]))
    expect(elsewhere.verifyHeld(token)).toBeUndefined()
    await hold(elsewhere, token)
    end()
  })

  test("a revocation that could not be announced is an error, and is announced when it is asked for again", async () => {
    let broken = true
    const failing = serviceOn(withoutAppending(await open(), () => broken))
    for (const again of ["token", "id", "all"] as const) {
      broken = true
      const accountId = newAccount()
      const { token, session } = await signIn(accountId)
      await hold(elsewhere, token)
      await expect(failing.revoke(token)).rejects.toMatchObject({ code: "store_unavailable" })
      broken = false
      if (again === "token") expect(await failing.revoke(token)).toBe(false)
      if (again === "id") expect(await failing.revokeSession(accountId, session.id)).toBe(false)
      if (again === "all") expect(await failing.revokeSessions(accountId)).toBe(0)
      expect(await elsewhere.verify(token)).toBeNull()
    }
  })

  test("a process that verifies nothing is waited for by nobody, and neither is one that has closed", async () => {
    const store = await open()
    const only = serviceOn(await open())
    await only.revoke((await signIn(newAccount())).token)
    const before = new Set((await store.feed.followers()).keys())
    const { token } = await signIn(newAccount())
    const service = createTokenService({ store: await open(), now: () => clock.now })
    await hold(service, token)
    const during = [...(await store.feed.followers()).keys()]
    expect(during.filter((id) => !before.has(id))).toHaveLength(1)
    await service.close()
    expect([...(await store.feed.followers()).keys()].sort()).toEqual([...before].sort())
    await store.feed.close()
    await store.close()
  })

  test("a follower that fell silent is waited for once, and finds out by itself that it missed something", async () => {
    const { feed, close } = await open()
    const { last } = await caughtUp(feed, "silent")
    const begun = performance.now()
    const { token } = await signIn(newAccount())
    expect(await tokens.revoke(token)).toBe(true)
    expect(performance.now() - begun).toBeGreaterThan(500)
    await vi.waitFor(async () => expect([...(await feed.followers()).keys()]).not.toContain("silent"))
    const renewal = await feed.renew("silent", last)
    expect(renewal.entries?.flatMap(({ items }) => items)).toHaveLength(1)
    await feed.leave("silent")
    await feed.close()
    await close()
  })

  test("a renewal tells what comes after a number, without a gap or not at all", async () => {
    const { feed, close } = await open()
    const { last } = await caughtUp(feed, "one")
    for (const name of ["a", "b", "c"]) await feed.append([`account:${name}`])
    const all = await feed.renew("one", last)
    expect(all.last).toBe(last + 3)
    expect(all.entries).toEqual(
      ["a", "b", "c"].map((name, index) => ({ number: last + 1 + index, items: [`account:${name}`] })),
    )
    expect((await feed.renew("one", last + 2)).entries).toEqual(all.entries?.slice(2))
    expect((await feed.renew("one", last + 1000)).entries).toBeNull()
    expect((await feed.renew("one", 0)).entries).toBeNull()
    // Who has a gap has acknowledged nothing, until it says that it has forgotten everything.
    expect((await feed.followers()).get("one")?.acknowledged).toBeLessThan(last + 3)
    await feed.leave("one")
    await feed.close()
    await close()
  })

  test("a follower is struck out only where it has not renewed since it was looked at", async () => {
    const { feed, close } = await open()
    await caughtUp(feed, "one")
    const seen = await feed.followers()
    const one = seen.get("one")
    if (one === undefined) throw new Error("it does not follow")
    await feed.append(["account:x"])
    const { last } = await caughtUp(feed, "one")
    await feed.drop(new Map([["one", one]]))
    expect((await feed.followers()).get("one")?.acknowledged).toBe(last)
    await feed.drop(new Map([...(await feed.followers())].filter(([id]) => id === "one")))
    expect((await feed.followers()).has("one")).toBe(false)
    await feed.close()
    await close()
  })

  test("sessions with other grants are held and forgotten alike", async () => {
    const { token } = await tokens.createSession({
      ...{ ...OFFLINE_GRANT, scopes: ["apps:read"], accountId: newAccount() },
      ...{ expiresInSeconds: 60, device: {}, keyThumbprint: "k".repeat(43) },
    })
    await vi.waitFor(async () => {
      expect(await elsewhere.verify(token, "k".repeat(43))).not.toBeNull()
      expect(elsewhere.verifyHeld(token, "k".repeat(43))).toBeTruthy()
    })
    expect(elsewhere.verifyHeld(token)).toBeNull()
    expect(elsewhere.inspectHeld(token)).toBeTruthy()
    await tokens.revoke(token)
    expect(await elsewhere.inspect(token)).toBeNull()
  })

  test("S51 what is held in memory ends at its second, too", async () => {
    const { token } = await tokens.createSession({
      ...{ ...ALCHEMY_GRANT, accountId: newAccount(), expiresInSeconds: 60, device: {} },
    })
    await hold(elsewhere, token)
    clock.now += 59_999
    await hold(elsewhere, token)
    clock.now += 1
    expect(await elsewhere.verify(token)).toBeNull()
  })
}

/** Renews a follower until it has nothing more to be told. */
async function caughtUp(feed: TokenStore["feed"], follower: string): Promise<Renewal> {
  let renewal = await feed.renew(follower, null)
  for (let tries = 0; tries < 10; tries++) {
    renewal = await feed.renew(follower, renewal.last)
    if (renewal.entries?.length === 0 && renewal.leaseMs !== 0) return renewal
  }
  throw new Error("the feed does not come to rest")
}
