import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { resolve } from "node:path"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { createTokenService, type TokenService } from "@authchemy/tokens"
import { afterAll, beforeAll, expect, test } from "vitest"
import { LEASE_MS } from "../packages/tokens/src/revocation/lease.ts"
import { openRedisStore } from "../packages/tokens/src/store/redis.ts"
import { run } from "./processes.ts"
import { startRedis } from "./start-redis.ts"
import { ask } from "./start-redis-sentinel.ts"

let redis: Awaited<ReturnType<typeof startRedis>>
let elsewhere: TokenService
beforeAll(async () => {
  redis = await startRedis()
  elsewhere = await serviceAt(redis.url)
})
afterAll(async () => {
  await elsewhere.close()
  await redis.stop()
})

const serviceAt = async (url: string, now?: () => number) => {
  const store = await openRedisStore({ url, onError: () => {} })
  return createTokenService({ store, onError: () => {}, ...(now === undefined ? {} : { now }) })
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

async function signIn(): Promise<string> {
  const grant = { ...ALCHEMY_GRANT, accountId: "ada", expiresInSeconds: 600, device: {} }
  return (await elsewhere.createSession(grant)).token
}

/** Until the verifier answers from memory. */
async function hold(verifier: TokenService, token: string) {
  await expect
    .poll(
      async () => {
        await verifier.verify(token).catch(() => null)
        return verifier.verifyHeld(token) ?? null
      },
      { timeout: 10_000, interval: 10 },
    )
    .not.toBeNull()
}

/** A relay on which every byte takes its time, in each direction. */
async function openSlowRelay(port: number, oneWayMs: number) {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1")
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on("error", () => from.destroy())
      from.on("data", (chunk) => setTimeout(() => to.destroyed || to.write(chunk), oneWayMs))
      from.on("close", () => to.destroy())
    }
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

test("S46 a verifier with a slow connection to Redis: revocations wait for it, and it accepts nothing afterwards", async () => {
  const relay = await openSlowRelay(redis.port, 100)
  const verifier = await serviceAt(`redis://127.0.0.1:${relay.port}`)
  for (let round = 0; round < 5; round++) {
    const token = await signIn()
    await hold(verifier, token)
    const began = performance.now()
    expect(await elsewhere.revoke(token)).toBe(true)
    const took = performance.now() - began
    expect(verifier.verifyHeld(token) ?? null).toBeNull()
    expect(await verifier.verify(token)).toBeNull()
    // It could not be known any sooner that it had forgotten.
    expect(took).toBeGreaterThan(150)
  }
  await verifier.close()
  relay.close()
}, 60_000)

test("S52 a verifier that is stopped for ten seconds refuses, when it goes on, what was revoked meanwhile", async () => {
  const program = resolve(import.meta.dirname, "verifier-process.ts")
  const verifier = run(process.execPath, ["--conditions=authchemy-source", program, redis.url])
  const [, port = ""] = await verifier.shows(/listening on (\d+)/)
  const statusOf = async (token: string) => {
    const headers = { authorization: `Bearer ${token}`, connection: "close" }
    return (await fetch(`http://127.0.0.1:${port}/`, { headers })).status
  }
  const [revoked, kept] = [await signIn(), await signIn()]
  for (const token of [revoked, kept, revoked, kept]) expect(await statusOf(token)).toBe(200)
  process.kill(verifier.child.pid ?? 0, "SIGSTOP")
  expect(await elsewhere.revoke(revoked)).toBe(true)
  const asked = [statusOf(revoked), statusOf(kept)]
  await pause(10_000)
  process.kill(verifier.child.pid ?? 0, "SIGCONT")
  const [first, second] = await Promise.all(asked)
  expect(first).not.toBe(200)
  expect([200, 503]).toContain(second)
  await expect.poll(() => statusOf(kept), { timeout: 5_000 }).toBe(200)
  expect(await statusOf(revoked)).toBe(401)
  verifier.child.kill("SIGKILL")
  await verifier.finished
}, 60_000)

test("S52 a verifier whose clock is set reads until its lease is renewed, and goes on", async () => {
  let offset = 0
  const verifier = await serviceAt(redis.url, () => Date.now() + offset)
  for (const step of [-3_600_000, 300_000]) {
    const token = await signIn()
    await hold(verifier, token)
    offset += step
    expect(verifier.verifyHeld(token)).toBeUndefined()
    await hold(verifier, token)
    expect(await elsewhere.revoke(token)).toBe(true)
    expect(await verifier.verify(token)).toBeNull()
    offset = 0
  }
  await verifier.close()
})

test("S52 Redis loses all its data: what it no longer has is refused when the lease is over, and new sign-ins work", async () => {
  const verifier = await serviceAt(redis.url)
  for (const lose of [
    () => ask(redis.port, "FLUSHALL"),
    async () => {
      await redis.kill()
      await redis.restart()
    },
  ]) {
    const token = await signIn()
    await hold(verifier, token)
    await lose()
    const lostAt = performance.now()
    let lastAccepted = Number.NEGATIVE_INFINITY
    while (performance.now() < lostAt + 3 * LEASE_MS) {
      const begin = performance.now()
      const held = verifier.verifyHeld(token)
      const session = held === undefined ? await verifier.verify(token).catch(() => null) : held
      if (session !== null) lastAccepted = begin
      await pause(2)
    }
    expect(lastAccepted).toBeLessThan(lostAt + LEASE_MS)
    await expect.poll(() => verifier.verify(token).catch(() => "away"), { timeout: 10_000 }).toBeNull()
    await expect.poll(() => signIn().catch(() => null), { timeout: 10_000 }).not.toBeNull()
    const next = await signIn()
    await hold(verifier, next)
    expect(await elsewhere.revoke(next)).toBe(true)
    expect(await verifier.verify(next)).toBeNull()
  }
  await verifier.close()
}, 60_000)
