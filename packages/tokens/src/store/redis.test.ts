import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { ALCHEMY_CLIENT_ID, ALCHEMY_GRANT } from "@authchemy/protocol"
import { createClient } from "@redis/client"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { tagOf } from "../token-format.ts"
import { createTokenService, type TokenService } from "../token-service.ts"
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

describeTokenStore("Redis", () => openRedisStore({ url, prefix }))

const keysOf = async (mine: string) => {
  const keys: string[] = []
  for await (const batch of admin.scanIterator({ MATCH: `${mine}*` })) keys.push(...batch)
  return keys.sort()
}

test("revoking deletes the session's key and its index entry in one step", async () => {
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
  await tokens.close()
})

test("S45 no key and no value holds a token or a code", async () => {
  const mine = `${prefix}dump:`
  const tokens = createTokenService({ store: await openRedisStore({ url, prefix: mine }) })
  const redirectUri = "http://127.0.0.1:1/callback"
  const code = await tokens.issueCode({
    ...ALCHEMY_GRANT,
    accountId: "ada",
    redirectUri,
    codeChallenge: null,
    device: {},
  })
  const unused = await tokens.issueCode({
    ...ALCHEMY_GRANT,
    accountId: "ada",
    redirectUri,
    codeChallenge: null,
    device: {},
  })
  const { token } = await tokens.redeemCode({
    clientId: ALCHEMY_CLIENT_ID,
    code,
    redirectUri,
    codeVerifier: null,
    expiresInSeconds: 60,
    device: {},
  })
  const binary = admin.withTypeMapping({})
  const dump: string[] = []
  for (const key of await keysOf(mine)) {
    const type = await binary.type(key)
    dump.push(key)
    if (type === "string") dump.push((await binary.get(key)) ?? "")
    if (type === "hash") dump.push(JSON.stringify(await binary.hGetAll(key)))
    if (type === "zset") dump.push(JSON.stringify(await binary.zRange(key, 0, -1)))
  }
  const text = dump.join("\n")
  expect(text).toContain("ada")
  for (const secret of [code, unused, token]) {
    expect(text).not.toContain(secret)
    expect(text).not.toContain(secret.slice(15, -6))
  }
  await tokens.close()
})

test("every key expires by itself", async () => {
  const mine = `${prefix}ttl:`
  const tokens = createTokenService({ store: await openRedisStore({ url, prefix: mine }) })
  await tokens.createSession({ ...ALCHEMY_GRANT, accountId: "ada", expiresInSeconds: 600, device: {} })
  await tokens.createSession({ ...ALCHEMY_GRANT, accountId: "ada", expiresInSeconds: 60, device: {} })
  await tokens.issueCode({
    ...ALCHEMY_GRANT,
    accountId: "ada",
    redirectUri: "x",
    codeChallenge: null,
    device: {},
  })
  const ttls = await Promise.all((await keysOf(mine)).map((key) => admin.pTTL(key)))
  expect(ttls).toHaveLength(4)
  for (const ttl of ttls) expect(ttl).toBeGreaterThan(0)
  expect(Math.max(...ttls)).toBeGreaterThan(500_000)
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
