import { createClient } from "@redis/client"
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest"
import { describeRateLimits } from "./contract.ts"
import { openRateLimits } from "./open.ts"
import { openRedisRateLimits } from "./redis.ts"

const url = inject("redisUrl")
const prefix = `test-limits-${process.pid}-${Date.now()}:`
const admin = createClient({ url })
beforeAll(async () => {
  await admin.connect()
})
afterAll(async () => {
  await admin.close()
})
const failing = (error: Error) => {
  throw error
}

const keysOf = async (mine: string) => {
  const keys: string[] = []
  for await (const batch of admin.scanIterator({ MATCH: `${mine}*` })) keys.push(...batch)
  return keys.sort()
}

/** What is in Redis becomes older by so much. */
const pass = async (mine: string, ms: number) => {
  for (const key of await keysOf(mine)) {
    await admin.pExpire(key, (await admin.pTTL(key)) - ms)
  }
}

describeRateLimits("Redis", async () => {
  const limits = await openRedisRateLimits({ url, prefix, onError: failing })
  vi.useFakeTimers({ toFake: ["Date"] })
  return {
    limits: { ...limits, close: () => limits.close().finally(() => vi.useRealTimers()) },
    pass: async (ms) => {
      vi.setSystemTime(Date.now() + ms)
      await pass(prefix, ms)
    },
  }
})

test("S38 servers that share a Redis share the counts", async () => {
  const mine = `${prefix}shared:`
  const servers = await Promise.all(
    Array.from({ length: 3 }, () => openRedisRateLimits({ url, prefix: mine, onError: failing })),
  )
  const limiters = servers.map((server) => server.open({ name: "one", points: 10, durationSeconds: 60 }))
  const admissions = await Promise.all(
    limiters.flatMap((limiter) => Array.from({ length: 100 }, () => limiter.admit("ada"))),
  )
  expect(admissions.filter((one) => one.admitted)).toHaveLength(10)
  await Promise.all(servers.map((server) => server.close()))
})

test("S45 no key and no value holds an email or an address, and every key expires by itself", async () => {
  const mine = `${prefix}clear:`
  const limits = await openRedisRateLimits({ url, prefix: mine, onError: failing })
  const limiter = limits.open({ name: "sign-in", points: 2, durationSeconds: 60 })
  await limiter.admit("192.0.2.1 ada@example.com")
  await limiter.admit("192.0.2.1 ada@example.com")
  const [key = "", ...others] = await keysOf(mine)
  expect(others).toEqual([])
  expect(key).toMatch(new RegExp(`^${mine}l:sign-in:[\\w-]{43}$`))
  const dump = JSON.stringify([key, await admin.get(key)])
  expect(dump).not.toMatch(/ada|example|192/)
  const ttl = await admin.pTTL(key)
  expect(ttl).toBeGreaterThan(50_000)
  expect(ttl).toBeLessThanOrEqual(60_000)
  await limits.close()
})

test("a server that is not there is unavailable", async () => {
  const opening = openRateLimits({ redisUrl: "redis://127.0.0.1:1", onError: () => {} })
  await expect(opening).rejects.toMatchObject({ code: "store_unavailable" })
})

test("where there is no Redis, the process counts by itself", async () => {
  const limits = await openRateLimits({ redisUrl: null, onError: failing })
  const limiter = limits.open({ name: "one", points: 1, durationSeconds: 60 })
  expect(await limiter.admit("ada")).toMatchObject({ admitted: true })
  expect(await limiter.admit("ada")).toMatchObject({ admitted: false })
  await limits.close()
})
