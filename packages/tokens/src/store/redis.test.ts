import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { createClient } from "@redis/client"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { tagOf } from "../token-format.ts"
import { createTokenService, type TokenService } from "../token-service.ts"
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

test("revoking deletes the session's keys, those of its tokens and its index entry", async () => {
  const mine = `${prefix}revoke:`
  const tokens = createTokenService({ store: await openRedisStore({ url, prefix: mine }) })
  const { token } = await tokens.createSession({
    ...ALCHEMY_GRANT,
    accountId: "ada",
    expiresInSeconds: 60,
    device: {},
  })
  const tag = tagOf("ada")
  expect(await keysOf(mine)).toEqual([
    `${mine}i:{${tag}}ada`,
    expect.stringMatching(new RegExp(`^${mine}s:\\{${tag}\\}[\\w-]{43}$`)),
  ])
  expect(await tokens.revoke(token)).toBe(true)
  expect(await keysOf(mine)).toEqual([])

  const grant = { ...OFFLINE_GRANT, accountId: "ada", expiresInSeconds: 60, device: {} }
  const first = await withRefreshToken(tokens.createSession(grant))
  await tokens.refresh(rotation(first.refreshToken))
  // The family, the session and two access tokens, and the index.
  expect(await keysOf(mine)).toHaveLength(1 + 3 + 1)
  expect(await tokens.revoke(first.token)).toBe(true)
  expect(await keysOf(mine)).toEqual([])
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
    else if (type === "zset") dump.push(JSON.stringify(await admin.zRange(key, 0, -1)))
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
  const longest = { c: 600, d: 1200, i: 3600, n: 600, r: 3600, s: 3600, u: 1200 }
  const counts = { c: 4, d: 5, i: 1, n: 1, r: 2, s: 1 + 3 + 2, u: 5 }
  for (const [kind, all] of ttls) {
    expect(all).toHaveLength(counts[kind as keyof typeof counts])
    expect(Math.min(...all)).toBeGreaterThan(0)
    const limit = longest[kind as keyof typeof longest] * 1000
    expect(Math.max(...all)).toBeGreaterThan(limit - 60_000)
    expect(Math.max(...all)).toBeLessThanOrEqual(limit)
  }
  expect([...ttls.keys()].sort()).toEqual(Object.keys(counts))
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

test("S52 a connection that goes silent is an error within the limit, never a yes and never a no", async () => {
  const relay = await openRelay(new URL(url))
  const mine = `${prefix}silent:`
  const errors: Error[] = []
  const store = await openRedisStore({
    url: relay.url,
    prefix: mine,
    onError: (error) => errors.push(error),
  })
  const tokens: TokenService = createTokenService({ store })
  const { token } = await tokens.createSession({
    ...ALCHEMY_GRANT,
    accountId: "ada",
    expiresInSeconds: 60,
    device: {},
  })
  relay.freeze()
  await expect(tokens.verify(token)).rejects.toMatchObject({ code: "store_unavailable" })
  await expect(tokens.revoke(token)).rejects.toMatchObject({ code: "store_unavailable" })
  await relay.close()
  await expect(tokens.revoke(token)).rejects.toMatchObject({ code: "store_unavailable" })
  await tokens.close()
})

/** A TCP relay in front of Redis that can be made to swallow everything. */
async function openRelay(target: URL) {
  const sockets: Socket[] = []
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    sockets.push(near, far)
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) socket.on("error", () => socket.destroy())
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeze: () => {
      for (const socket of sockets) {
        socket.unpipe()
        socket.pause()
      }
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    },
  }
}
