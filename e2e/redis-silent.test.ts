import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { createTokenService } from "@authchemy/tokens"
import { connectToRedis } from "@authchemy/tokens/redis"
import { afterAll, beforeAll, expect, test } from "vitest"
import { openRedisRateLimits } from "../packages/authchemy/src/limits/redis.ts"
import { openRedisStore } from "../packages/tokens/src/store/redis.ts"
import { scripts } from "./redis-scripts.ts"
import { startRedis } from "./start-redis.ts"
import { ask } from "./start-redis-sentinel.ts"
import { openTcpRelay, type TcpRelay } from "./tcp-relay.ts"

let redis: Awaited<ReturnType<typeof startRedis>>
let relay: TcpRelay
let url: string
beforeAll(async () => {
  redis = await startRedis()
  relay = await openTcpRelay({ hostname: "127.0.0.1", port: redis.port })
  url = `redis://127.0.0.1:${relay.port}`
})
afterAll(async () => {
  await relay.close()
  await redis.stop()
})

const unavailable = { code: "store_unavailable" }

test("S52 a server that is held up: errors within the limit, and all is well when it goes on", async () => {
  const client = await connectToRedis({ url: redis.url, scripts })
  expect(await client.scripts.add(["held-up"], [])).toBe(1)
  redis.freeze()
  try {
    const before = performance.now()
    await expect(client.scripts.add(["held-up"], [])).rejects.toMatchObject(unavailable)
    const first = performance.now()
    // The limit is promised; the rest is for a machine under load.
    expect(first - before).toBeLessThan(500 + 250)
    // The connection was given up: nothing is tried on it again.
    await expect(client.scripts.add(["held-up"], [])).rejects.toMatchObject(unavailable)
    expect(performance.now() - first).toBeLessThan(100)
  } finally {
    redis.thaw()
  }
  // What was given up was done after all, once.
  await expect.poll(() => client.scripts.add(["held-up"], []).catch(() => 0), { timeout: 5_000 }).toBe(3)
  await client.close()
})

test("S52 a connection that goes silent is left for another", async () => {
  const errors: Error[] = []
  const client = await connectToRedis({ url, scripts, onError: (error) => errors.push(error) })
  const heard: string[] = []
  await client.subscribe("news", (message) => heard.push(message))
  expect(await client.replicated("add", ["silent"], [], 0, 50)).toBe(0)
  relay.freeze()
  relay.thaw()
  await expect(client.scripts.add(["silent"], [])).rejects.toMatchObject(unavailable)
  await expect(client.replicated("add", ["silent"], [], 0, 50)).rejects.toMatchObject(unavailable)
  await expect.poll(() => client.scripts.add(["silent"], []).catch(() => 0), { timeout: 5_000 }).toBe(2)
  await expect
    .poll(() => client.replicated("add", ["silent"], [], 0, 50).catch(() => -1), { timeout: 5_000 })
    .toBe(0)
  // The connection that only listens finds out by its own sign of life.
  const publish = () => client.scripts.publish(["any"], ["news", "heard"])
  await expect.poll(() => publish().then(() => heard.length), { timeout: 5_000 }).toBeGreaterThan(0)
  expect(errors.map(({ message }) => message)).toContain(
    `Redis at 127.0.0.1:${relay.port}: no answer from Redis within 500 ms`,
  )
  await client.close()
})

test("S52 a connection that died while nobody used it is replaced before somebody needs it", async () => {
  const client = await connectToRedis({ url, scripts })
  expect(await client.replicated("add", ["idle"], [], 0, 50)).toBe(0)
  /** Connections that have given a sign of life and nothing else since. */
  const idle = async () =>
    [...String(await ask(redis.port, "CLIENT", "LIST")).matchAll(/^id=(\d+) .* cmd=ping /gm)].map(([, id]) =>
      Number(id),
    )
  await expect.poll(async () => (await idle()).length, { timeout: 5_000 }).toBeGreaterThanOrEqual(2)
  const newest = Math.max(...(await idle()))
  relay.freeze()
  relay.thaw()
  const made = async () => (await idle()).filter((id) => id > newest).length
  await expect.poll(made, { timeout: 8_000 }).toBe(2)
  expect(await client.scripts.add(["idle"], [])).toBe(2)
  expect(await client.replicated("add", ["idle"], [], 0, 50)).toBe(0)
  await client.close()
})

test("S52 a silent store says neither yes nor no", async () => {
  const tokens = createTokenService({ store: await openRedisStore({ url, onError: () => {} }) })
  const grant = { ...ALCHEMY_GRANT, accountId: "ada", expiresInSeconds: 60, device: {} }
  const { token } = await tokens.createSession(grant)
  relay.freeze()
  await expect(tokens.verify(token)).rejects.toMatchObject(unavailable)
  await expect(tokens.revoke(token)).rejects.toMatchObject(unavailable)
  relay.thaw()
  await expect.poll(() => tokens.revoke(token).catch(() => null), { timeout: 5_000 }).toBe(true)
  expect(await tokens.verify(token)).toBeNull()
  await tokens.close()
})

test("S52 a silent count is an error, never a free pass", async () => {
  const errors: Error[] = []
  const limits = await openRedisRateLimits({ url, onError: (error) => errors.push(error) })
  const limiter = limits.open({ name: "one", points: 5, durationSeconds: 60 })
  const before = await limiter.admit("ada")
  if (!before.admitted) throw new Error("the attempt was refused")
  relay.freeze()
  await expect(limiter.admit("ada")).rejects.toMatchObject(unavailable)
  // An attempt that cannot be given back is told, and stays on the count.
  await before.giveBack()
  expect(errors).toContainEqual(expect.objectContaining(unavailable))
  await limits.close()
  relay.thaw()
})
