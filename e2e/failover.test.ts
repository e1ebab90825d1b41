import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { createTokenService, type TokenService } from "@authchemy/tokens"
import { expect, test } from "vitest"
import { openRedisStore } from "../packages/tokens/src/store/redis.ts"
import { type RedisProcess, startRedisProcess } from "./start-redis.ts"
import { ask, startSentinel, until } from "./start-redis-sentinel.ts"
import { openTcpRelay, type TcpRelay } from "./tcp-relay.ts"

const ROUNDS = 100
const AT_ONCE = 4
const FLAGS = ["--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0"]

const serviceAt = async (url: string, replicas: number): Promise<TokenService> =>
  createTokenService({ store: await openRedisStore({ url, replicas, onError: () => {} }), onError: () => {} })

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const signIn = (tokens: TokenService) =>
  tokens.createSession({ ...ALCHEMY_GRANT, accountId: "ada", expiresInSeconds: 600, device: {} })

/** A primary, and a replica that is reached over a relay. */
async function startPair(): Promise<{ primary: RedisProcess; replica: RedisProcess; relay: TcpRelay }> {
  const primary = await startRedisProcess({ flags: FLAGS })
  const relay = await openTcpRelay({ hostname: "127.0.0.1", port: primary.port })
  const replica = await startRedisProcess({ flags: [...FLAGS, "--replicaof", `127.0.0.1 ${relay.port}`] })
  await until("the replica follows", async () =>
    String(await ask(primary.port, "INFO", "replication")).includes("state=online"),
  )
  return { primary, replica, relay }
}

/** Whether a replica has all that the primary has written. */
async function hasAll(replica: RedisProcess, primary: RedisProcess): Promise<boolean> {
  const offsets = [primary, replica].map(async ({ port }) => {
    const info = String(await ask(port, "INFO", "replication"))
    return /master_repl_offset:(\d+)/.exec(info)?.[1]
  })
  const [written, taken] = await Promise.all(offsets)
  return written !== undefined && written === taken
}

/** Stalls replication, revokes, kills the primary, promotes the replica, each at a moment by chance, and asks. */
async function round(): Promise<string> {
  const { primary, replica, relay } = await startPair()
  const tokens = await serviceAt(`redis://127.0.0.1:${primary.port}`, 1)
  // A replica that has just come takes up to a second until it says for the first time what it has.
  await until("a revocation is acknowledged", async () => tokens.revoke((await signIn(tokens)).token))
  const { token } = await signIn(tokens)
  await tokens.verify(token)
  await until("the replica has the session", () => hasAll(replica, primary))
  // What is on its way to a replica that is held up reaches it later; what is on a connection that is cut never does.
  const stall = Math.random() < 0.5 ? () => relay.freeze() : () => replica.freeze()
  const stalling = pause(Math.random() * 30).then(stall)
  await pause(10)
  const killing = pause(Math.random() * 500).then(() => primary.kill())
  const acknowledged = await tokens.revoke(token).then(
    () => true,
    () => false,
  )
  await Promise.all([stalling, killing])
  replica.thaw()
  await ask(replica.port, "REPLICAOF", "NO", "ONE")
  const afterwards = await serviceAt(`redis://127.0.0.1:${replica.port}`, 0)
  const isAlive = (await afterwards.verify(token)) !== null
  await Promise.all([tokens.close(), afterwards.close()])
  await Promise.all([relay.close(), primary.stop(), replica.stop()])
  return `${acknowledged ? "acknowledged" : "not acknowledged"}, ${isAlive ? "alive" : "dead"}`
}

test("S50 replication stalls, the primary is killed, the replica takes over: what was acknowledged stays dead, a hundred times", async () => {
  const counts = new Map<string, number>()
  let begun = 0
  const work = async () => {
    while (begun++ < ROUNDS) {
      const outcome = await round()
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  console.log([...counts].map(([outcome, count]) => `${count} ${outcome}`).join("; "))
  expect(counts.get("acknowledged, alive") ?? 0).toBe(0)
  // Were one of these missing, the moments would be badly chosen.
  expect(counts.get("acknowledged, dead") ?? 0).toBeGreaterThan(0)
  expect(counts.get("not acknowledged, alive") ?? 0).toBeGreaterThan(0)
}, 180_000)

test("S50 without replicas that are waited for, live verifiers end again what a failover brought back", async () => {
  const redis = await startSentinel({ replicas: 1 })
  const services = await Promise.all([1, 2].map(() => serviceAt(redis.url, 0)))
  const [here, there] = services as [TokenService, TokenService]
  const sessions = await Promise.all([1, 2, 3].map(() => signIn(here)))
  const [revoked, kept] = [sessions.slice(0, 2), sessions.slice(2)]
  for (const service of services) {
    for (const { token } of sessions) expect(await service.verify(token)).not.toBeNull()
  }
  await expect.poll(() => services.every((service) => service.isCurrent())).toBe(true)

  const [primary, replica] = redis.servers as [RedisProcess, RedisProcess]
  await until("the replica has it all", () => hasAll(replica, primary))
  replica.freeze()
  await ask(primary.port, "CLIENT", "KILL", "TYPE", "replica")
  for (const { token } of revoked) expect(await here.revoke(token)).toBe(true)
  await primary.kill()
  replica.thaw()
  await until("the replica is the primary", async () =>
    String(await ask(replica.port, "ROLE")).includes("master"),
  )

  const fresh = await serviceAt(`redis://127.0.0.1:${replica.port}`, 0)
  const answers = await Promise.all(revoked.map(({ token }) => fresh.verify(token)))
  console.log(
    `${answers.filter((session) => session !== null).length} of ${revoked.length} came back at first`,
  )
  for (const { token } of revoked) {
    // Those that know of it never accept it, whatever the store says.
    for (const service of services) expect(await service.verify(token).catch(() => null)).toBeNull()
    await expect.poll(() => fresh.verify(token), { timeout: 10_000 }).toBeNull()
  }
  for (const { token } of kept) {
    for (const service of [here, there, fresh]) {
      await expect.poll(() => service.verify(token).catch(() => null), { timeout: 10_000 }).not.toBeNull()
    }
  }
  await Promise.all([...services, fresh].map((service) => service.close()))
  await redis.stop()
}, 60_000)
