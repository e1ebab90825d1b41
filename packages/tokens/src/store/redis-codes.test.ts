import { createClient } from "@redis/client"
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest"
import { digestOf, tagOf } from "../token-format.ts"
import { createTokenService } from "../token-service.ts"
import { OFFLINE_GRANT, redemption, refusal } from "./contract/setting.ts"
import { openRedisStore } from "./redis.ts"
import { LONGEST_CODE_LIFE_MS, type TokenStore } from "./store.ts"

const url = inject("redisUrl")
const admin = createClient({ url })
beforeAll(async () => {
  await admin.connect()
})
afterAll(async () => {
  await admin.close()
})

const TAG = tagOf("ada")
const GRANT = { ...OFFLINE_GRANT, accountId: "ada", device: {} }
let prefixes = 0

async function openService(replicas = 0, change: (store: TokenStore) => TokenStore = (store) => store) {
  const prefix = `test-codes-${process.pid}-${Date.now()}-${++prefixes}:`
  const clock = { now: Date.now() }
  const store = change(await openRedisStore({ url, prefix, replicas }))
  const tokens = createTokenService({ store, now: () => clock.now })
  onTestFinished(tokens.close)
  const issue = () => tokens.issueCode({ ...GRANT, redirectUri: "x", codeChallenge: null })
  const redeem = (code: string) =>
    tokens.redeemCode({
      ...redemption(code),
      ...{ redirectUri: "x", codeVerifier: null, clientId: GRANT.clientId },
    })
  const codeKey = (code: string) => `${prefix}c:{${TAG}}${digestOf(code)}`
  const [eraKey, waitingKey] = [`${prefix}e:{${TAG}}`, `${prefix}w:{${TAG}}`]
  return { tokens, issue, redeem, clock, codeKey, eraKey, waitingKey }
}

test("S48 a code that an earlier version has put, which knew no eras, is good until all sessions end, and void then", async () => {
  const { tokens, issue, redeem, codeKey } = await openService()
  const [before, after] = [await issue(), await issue()]
  for (const code of [before, after]) expect(await admin.hDel(codeKey(code), "era")).toBe(1)
  expect((await redeem(before)).session.accountId).toBe("ada")
  await tokens.revokeSessions("ada")
  expect(await refusal(redeem(after))).toBe("unknown")
})

test("an era is kept only where all sessions were ended, for as long as a code lives at most", async () => {
  const { tokens, issue, eraKey } = await openService()
  await issue()
  await tokens.createSession({ ...GRANT, expiresInSeconds: 60 })
  expect(await admin.exists(eraKey)).toBe(0)
  await tokens.revokeSessions("ada")
  expect(await admin.hGetAll(eraKey)).toEqual({ ada: "1" })
  const left = await admin.pTTL(eraKey)
  expect(left).toBeGreaterThan(LONGEST_CODE_LIFE_MS - 60_000)
  expect(left).toBeLessThanOrEqual(LONGEST_CODE_LIFE_MS)
})

test("S48 an era outlives each code that was put in it, and so no later one is taken for the same", async () => {
  const { tokens, issue, redeem, codeKey, eraKey } = await openService()
  await tokens.revokeSessions("ada")
  // As late as may be: it would be forgotten in a second.
  await admin.pExpire(eraKey, 1000)
  const code = await issue()
  const ttls = await Promise.all([admin.pTTL(codeKey(code)), admin.pTTL(eraKey)])
  expect(ttls[1]).toBeGreaterThanOrEqual(ttls[0])
  await tokens.revokeSessions("ada")
  expect(await refusal(redeem(code))).toBe("unknown")
})

test("which codes wait is noted until they are redeemed, are void or have expired, however many come", async () => {
  const { tokens, issue, redeem, clock, waitingKey } = await openService()
  const codes = await Promise.all([issue(), issue(), issue()])
  expect(await admin.hLen(waitingKey)).toBe(3)
  await redeem(codes[0] ?? "")
  expect(await admin.hKeys(waitingKey)).toEqual(expect.arrayContaining(codes.slice(1).map(digestOf)))
  expect(await admin.hLen(waitingKey)).toBe(2)
  await tokens.revokeSessions("ada")
  expect(await admin.exists(waitingKey)).toBe(0)
  for (let count = 0; count < 40; count++) await issue()
  clock.now += 60_000
  await issue()
  expect(await admin.hLen(waitingKey)).toBe(1)
})

test.each([1, 0])(
  "S48 S52 a failover that forgets that codes are void brings none back: it is written again, and waited for, with %i sessions that end",
  async (sessions) => {
    const { tokens, issue, redeem, eraKey } = await openService(1, (store) => ({
      ...store,
      revokeAll: async (...given) => {
        const all = await store.revokeAll(...given)
        // What a failover does to a write that no replica had.
        expect(await admin.del(eraKey)).toBe(1)
        return all
      },
      // That the sessions ended is not what is waited for here.
      feed: { ...store.feed, replicate: async () => {} },
    }))
    const code = await issue()
    if (sessions > 0) await tokens.createSession({ ...GRANT, expiresInSeconds: 60 })
    await expect(tokens.revokeSessions("ada")).rejects.toMatchObject({
      cause: { message: "0 of 1 replicas of Redis have the revocation" },
    })
    expect(await admin.hGetAll(eraKey)).toEqual({ ada: "1" })
    expect(await admin.pTTL(eraKey)).toBeGreaterThan(LONGEST_CODE_LIFE_MS - 60_000)
    expect(await refusal(redeem(code))).toBe("unknown")
    expect(tokens.stats().storeErrors).toBeGreaterThan(0)
  },
)

test("S48 that codes are void is written again without going back behind what came later", async () => {
  const { tokens, eraKey } = await openService(1, (store) => ({
    ...store,
    revokeAll: async (...given) => {
      const all = await store.revokeAll(...given)
      await admin.hSet(eraKey, "ada", "12")
      return all
    },
  }))
  await expect(tokens.revokeSessions("ada")).rejects.toThrow()
  expect(await admin.hGetAll(eraKey)).toEqual({ ada: "12" })
})

test("S48 where nothing was to be ended, replicas must have it too that codes are void", async () => {
  const { tokens, issue, redeem } = await openService(1)
  const code = await issue()
  const ending = tokens.revokeSessions("ada")
  await expect(ending).rejects.toMatchObject({
    code: "store_unavailable",
    cause: { message: "0 of 1 replicas of Redis have the revocation" },
  })
  expect(await refusal(redeem(code))).toBe("unknown")
})
