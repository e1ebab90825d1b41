import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { createClient } from "@redis/client"
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest"
import { tagOf } from "../token-format.ts"
import { createTokenService } from "../token-service.ts"
import { expectNoSecret, giveAllKinds } from "./contract/dump.ts"
import { OFFLINE_GRANT, rotation, withRefreshToken } from "./contract/setting.ts"
import { describeTokenStore } from "./contract.ts"
import { openRedisStore } from "./redis.ts"

const url = inject("redisUrl")
const prefix = `test-${process.pid}-${Date.now()}:`
const admin = createClient({ url })
beforeAll(async () => {
  await admin.connect()
})
afterAll(async () => {
  await admin.close()
})

describeTokenStore("Redis", () => openRedisStore({ url, prefix }), { modelRuns: 40 })

const keysOf = async (mine: string) => {
  const keys: string[] = []
  for await (const batch of admin.scanIterator({ MATCH: `${mine}*` })) keys.push(...batch)
  return keys.sort()
}

test("revoking leaves nothing of a session, and an account without one has no key", async () => {
  const mine = `${prefix}revoke:`
  const tokens = createTokenService({ store: await openRedisStore({ url, prefix: mine }) })
  const keys = async () => (await keysOf(mine)).filter((key) => !key.includes("{feed}"))
  const settled = () => vi.waitFor(async () => expect(await keys()).toEqual([]))
  const tag = tagOf("ada")
  const plain = { ...ALCHEMY_GRANT, accountId: "ada", expiresInSeconds: 60, device: {} }
  const { token, session } = await tokens.createSession(plain)
  expect(await keys()).toEqual([`${mine}s:{${tag}}`])
  expect(await admin.hKeys(`${mine}s:{${tag}}`)).toHaveLength(2)
  expect(await tokens.revoke(token)).toBe(true)
  await settled()

  const first = await withRefreshToken(tokens.createSession({ ...plain, ...OFFLINE_GRANT, accountId: "ada" }))
  await tokens.refresh(rotation(first.refreshToken))
  // The session, two access tokens, and what is shown; the family.
  expect(await admin.hLen(`${mine}s:{${tag}}`)).toBe(4)
  expect(await admin.hLen(`${mine}r:{${tag}}`)).toBe(1)
  expect(await tokens.revoke(first.token)).toBe(true)
  await settled()

  const spared = await tokens.createSession(plain)
  await tokens.createSession(plain)
  expect(await tokens.revokeSessions("ada", { sessionId: spared.session.id })).toBe(1)
  expect(await admin.hLen(`${mine}s:{${tag}}`)).toBe(2)
  expect(await tokens.revokeSession("ada", session.id)).toBe(false)
  await tokens.close()
})

test("what has expired leaves an account's sessions, though the key lives on, many sessions or few", async () => {
  const mine = `${prefix}sweep:`
  const clock = { now: Date.now() }
  const store = await openRedisStore({ url, prefix: mine })
  const tokens = createTokenService({ store, now: () => clock.now })
  const plain = { ...OFFLINE_GRANT, accountId: "ada", expiresInSeconds: 60, device: { name: "laptop" } }
  const [sessions, families] = [`${mine}s:{${tagOf("ada")}}`, `${mine}r:{${tagOf("ada")}}`]
  for (let index = 0; index < 3; index++) await tokens.createSession(plain)
  await tokens.createSession({ ...plain, expiresInSeconds: 7200 })
  expect([await admin.hLen(sessions), await admin.hLen(families)]).toEqual([12, 4])
  clock.now += 61_000
  await tokens.createSession({ ...plain, expiresInSeconds: 7200 })
  expect([await admin.hLen(sessions), await admin.hLen(families)]).toEqual([6, 2])

  for (let index = 0; index < 200; index++) await tokens.createSession(plain)
  clock.now += 61_000
  for (let index = 0; index < 200; index++) await tokens.createSession({ ...plain, expiresInSeconds: 7200 })
  expect(await admin.hLen(sessions)).toBeLessThan(6 + 600 + 150)
  await tokens.close()
})

test("S45 no key and no value holds a token or a code, of whatever kind, or a half of one", async () => {
  const mine = `${prefix}dump:`
  const tokens = createTokenService({ store: await openRedisStore({ url, prefix: mine }) })
  const given = await giveAllKinds(tokens, "account-of-the-dump")
  const dump: string[] = []
  for (const key of await keysOf(mine)) {
    const type = await admin.type(key)
    dump.push(key)
    if (type === "string") dump.push((await admin.get(key)) ?? "")
    else if (type === "hash") dump.push(JSON.stringify(await admin.hGetAll(key)))
    else if (type === "stream") dump.push(JSON.stringify(await admin.xRange(key, "-", "+")))
    else throw new Error(`a key of an unknown type: ${type}`)
  }
  expectNoSecret(Buffer.from(dump.join("\n")), given)
  await tokens.close()
})

test("every key expires by itself, whatever has been done with it", async () => {
  const mine = `${prefix}ttl:`
  const tokens = createTokenService({ store: await openRedisStore({ url, prefix: mine }) })
  await giveAllKinds(tokens, "ada")
  const ttls = new Map<string, number[]>()
  for (const key of await keysOf(mine)) {
    const kind = key.charAt(mine.length)
    ttls.set(kind, [...(ttls.get(kind) ?? []), await admin.pTTL(key)])
  }
  const longest = { c: 600, d: 1200, f: 86_400, n: 86_400, r: 3600, s: 3600, t: 600, u: 1200, w: 600 }
  const counts = { c: 4, d: 5, f: 1, n: 2, r: 1, s: 1, u: 5, w: 1 }
  for (const [kind, all] of ttls) {
    expect(all).toHaveLength({ ...counts, t: 1 }[kind as keyof typeof longest])
    expect(Math.min(...all)).toBeGreaterThan(0)
    const limit = longest[kind as keyof typeof longest] * 1000
    expect(Math.max(...all)).toBeGreaterThan(limit - 60_000)
    expect(Math.max(...all)).toBeLessThanOrEqual(limit)
  }
  // Tombstones, too, until it is noted that everybody has forgotten what they stand for.
  expect([...ttls.keys()].filter((kind) => kind !== "t").sort()).toEqual(Object.keys(counts))
  await tokens.close()
})

test("a server that evicts keys is refused, and the refusal says what to do", async () => {
  await admin.configSet("maxmemory-policy", "allkeys-lru")
  try {
    const refusal = await openRedisStore({ url, prefix }).catch((error) => error)
    expect(refusal.code).toBe("store_unavailable")
    expect(refusal.cause.message).toContain("CONFIG SET maxmemory-policy noeviction")
  } finally {
    await admin.configSet("maxmemory-policy", "noeviction")
  }
})

test("a server that is not there is unavailable", async () => {
  await expect(openRedisStore({ url: "redis://127.0.0.1:1" })).rejects.toMatchObject({
    code: "store_unavailable",
  })
})
