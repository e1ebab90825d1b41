import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { createTokenService, openStore, type TokenService } from "@authchemy/tokens"
import { connectToRedis } from "@authchemy/tokens/redis"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { startRedis } from "./start-redis.ts"

let redis: Awaited<ReturnType<typeof startRedis>>
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

const opened: TokenService[] = []
afterEach(async () => {
  for (const tokens of opened.splice(0)) await tokens.close()
})
async function connect(onError: (error: Error) => void = () => {}): Promise<TokenService> {
  const store = await openStore({ sqlitePath: "", redisUrl: redis.url, onError })
  const tokens = createTokenService({ store, onError })
  opened.push(tokens)
  return tokens
}

async function configure(setting: string, value: string): Promise<void> {
  const client = await connectToRedis({ url: redis.url, scripts: {} })
  for (const primary of await client.primaries()) await primary.send(["CONFIG", "SET", setting, value])
  await client.close()
}

const grant = { ...ALCHEMY_GRANT, accountId: "ada", expiresInSeconds: 60, device: {} }

test("memory is used up: nothing is issued, and verifying and ending sessions goes on", async () => {
  const errors: Error[] = []
  const tokens = await connect((error) => errors.push(error))
  const elsewhere = await connect((error) => errors.push(error))
  const kept = await tokens.createSession(grant)
  const ended = await tokens.createSession(grant)
  expect(await elsewhere.verify(ended.token)).toEqual(ended.session)
  await configure("maxmemory", "1mb")
  try {
    await expect(tokens.createSession(grant)).rejects.toMatchObject({ code: "store_unavailable" })
    expect(await tokens.revoke(ended.token)).toBe(true)
    expect(await elsewhere.verify(ended.token)).toBeNull()
    for (const verifier of [elsewhere, tokens])
      expect(await verifier.verify(kept.token)).toEqual(kept.session)
    expect(await tokens.revokeSessions("ada")).toBe(1)
    expect(await elsewhere.verify(kept.token)).toBeNull()
    expect(errors).toEqual([])
  } finally {
    await configure("maxmemory", "0")
  }
  expect(await tokens.verify((await tokens.createSession(grant)).token)).not.toBeNull()
})

test("S50 a primary that lacks the replicas it must have is not believed: another may have taken its place", async () => {
  const tokens = await connect()
  const elsewhere = await connect()
  const { token, session } = await tokens.createSession(grant)
  expect(await elsewhere.verify(token)).toEqual(session)
  await configure("min-replicas-to-write", "1")
  try {
    await expect(tokens.revoke(token)).rejects.toMatchObject({ code: "store_unavailable" })
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: "store_unavailable" })
    await expect.poll(() => elsewhere.verify(token).catch(({ code }) => code)).toBe("store_unavailable")
    expect(elsewhere.verifyHeld(token)).toBeUndefined()
  } finally {
    await configure("min-replicas-to-write", "0")
  }
  expect(await elsewhere.verify(token)).toEqual(session)
  expect(await tokens.revoke(token)).toBe(true)
  expect(await elsewhere.verify(token)).toBeNull()
})

test("S50 replicas are to be waited for, and writes are taken without one: that is said at start, and what to type", async () => {
  const open = async () => {
    const errors: string[] = []
    const onError = ({ message }: Error) => errors.push(message)
    const store = await openStore({ sqlitePath: "", redisUrl: redis.url, redisReplicas: 1, onError })
    await store.feed.close()
    await store.close()
    return errors
  }
  expect(await open()).toEqual([expect.stringContaining("CONFIG SET min-replicas-to-write 1")])
  await configure("min-replicas-to-write", "1")
  try {
    expect(await open()).toEqual([])
  } finally {
    await configure("min-replicas-to-write", "0")
  }
})
