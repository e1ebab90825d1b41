import { createClient } from "@redis/client"
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest"
import { digestOf, tagOf } from "../token-format.ts"
import { createTokenService } from "../token-service.ts"
import { OFFLINE_GRANT, redemption, refusal } from "./contract/setting.ts"
import { openRedisStore } from "./redis.ts"
import { LONGEST_CODE_LIFE_MS } from "./store.ts"

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

async function openService(replicas = 0) {
  const prefix = `test-codes-${process.pid}-${Date.now()}-${++prefixes}:`
  const tokens = createTokenService({ store: await openRedisStore({ url, prefix, replicas }) })
  onTestFinished(tokens.close)
  const issue = () => tokens.issueCode({ ...GRANT, redirectUri: "x", codeChallenge: null })
  const redeem = (code: string) =>
    tokens.redeemCode({
      ...redemption(code),
      ...{ redirectUri: "x", codeVerifier: null, clientId: GRANT.clientId },
    })
  const codeKey = (code: string) => `${prefix}c:{${TAG}}${digestOf(code)}`
  return { tokens, issue, redeem, codeKey, eraKey: `${prefix}e:{${TAG}}` }
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
