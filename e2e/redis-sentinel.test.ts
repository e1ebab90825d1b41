import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { connectToRedis } from "@authchemy/tokens/redis"
import { afterAll, beforeAll, expect, test } from "vitest"
import { openRedisRateLimits } from "../packages/authchemy/src/limits/redis.ts"
import { scripts } from "./redis-scripts.ts"
import { ask, type RedisSentinels, startSentinel, until } from "./start-redis-sentinel.ts"

let redis: RedisSentinels
/** For the four tests that make one fail. */
let spare: RedisSentinels[]
let stop: () => Promise<void>
beforeAll(async () => {
  const all = await Promise.all(Array.from({ length: 5 }, () => startSentinel({ replicas: 2 })))
  stop = async () => {
    await Promise.all(all.map((servers) => servers.stop()))
  }
  redis = all[0] as RedisSentinels
  spare = all.slice(1)
})
afterAll(async () => {
  await stop()
})

const unavailable = { code: "store_unavailable" }
const connect = (servers = redis, errors: Error[] = []) =>
  connectToRedis({ url: servers.url, scripts, onError: (error) => errors.push(error) })
type Client = Awaited<ReturnType<typeof connect>>

/** Calls again and again until it works, and returns the names of what was done. Every failure must be the one that callers know. */
async function noteUntilDone(client: Client, name: string): Promise<string[]> {
  const done: string[] = []
  await until("the store works again", async () => {
    try {
      await client.scripts.note(["{x}count", "{x}names"], [name])
      done.push(name)
    } catch (error) {
      expect(error).toMatchObject(unavailable)
    }
    return done.length > 0
  })
  return done
}

/** A former primary follows the new one only after a while, so each failover has servers of its own. */
async function withServers(work: (servers: RedisSentinels) => Promise<void>) {
  const servers = spare.pop()
  if (servers === undefined) throw new Error("too few servers were started")
  await work(servers)
}

/** After a failover, one replica follows the new primary at once. */
const replicaHas = (client: Client, key: string) =>
  expect
    .poll(() => client.replicated("find", [key], [], 1, 500).catch(() => 0), { timeout: 10_000 })
    .toBeGreaterThanOrEqual(1)

test("the primary that the Sentinels name runs scripts, tells replicas, and is heard", async () => {
  const client = await connect()
  expect(await client.scripts.add(["a"], [])).toBe(1)
  expect(await client.replicated("add", ["a"], [], 2, 1_000)).toBe(2)
  const heard: string[] = []
  await client.subscribe("news", (message) => heard.push(message))
  expect(await client.scripts.publish(["a"], ["news", "x"])).toBe(1)
  await expect.poll(() => heard).toEqual(["x"])
  const nodes = await client.primaries()
  expect(nodes).toHaveLength(1)
  expect(await nodes[0]?.send(["ROLE"])).toMatchObject(["master", expect.anything(), expect.anything()])
  await client.close()
})

test("attempts are counted", async () => {
  const limits = await openRedisRateLimits({ url: redis.url, onError: () => {} })
  const limiter = limits.open({ name: "one", points: 1, durationSeconds: 60 })
  expect(await limiter.admit("ada")).toMatchObject({ admitted: true })
  expect(await limiter.admit("ada")).toMatchObject({ admitted: false })
  await limits.close()
})

test("a script that writes nothing waits for what others wrote before it", async () => {
  const client = await connect()
  const primary = await redis.primary()
  const replicas = redis.servers.filter((one) => one !== primary)
  expect(await client.replicated("add", ["late"], [], 2, 1_000)).toBe(2)
  for (const replica of replicas) replica.freeze()
  try {
    await client.scripts.add(["late"], [])
    expect(await client.replicated("find", ["late"], [], 1, 50)).toBe(0)
  } finally {
    for (const replica of replicas) replica.thaw()
  }
  expect(await client.replicated("find", ["late"], [], 2, 2_000)).toBe(2)
  await client.close()
})

test("another primary, as for maintenance: all moves over", () =>
  withServers(async (servers) => {
    const client = await connect(servers)
    const heard: string[] = []
    await client.subscribe("moves", (message) => heard.push(message))
    await client.replicated("add", ["moves"], [], 2, 1_000)
    await servers.failOver()
    await noteUntilDone(client, "moved")
    const { port } = await servers.primary()
    await until("the same primary everywhere", async () => {
      const [node] = await client.primaries()
      return String(await node?.send(["INFO", "server"])).includes(`tcp_port:${port}`)
    })
    const publish = () => client.scripts.publish(["any"], ["moves", "heard"])
    await expect.poll(() => publish().then(() => heard.length), { timeout: 5_000 }).toBeGreaterThan(0)
    await replicaHas(client, "moves")
    expect(Number(await ask(port, "GET", "moves"))).toBe(1)
    await client.close()
  }))

test("S52 a primary that is killed: clear errors, then all works again, without a restart", () =>
  withServers(async (servers) => {
    const errors: Error[] = []
    const client = await connect(servers, errors)
    const heard: string[] = []
    await client.subscribe("killed", (message) => heard.push(message))
    await client.replicated("add", ["killed"], [], 2, 1_000)
    const killed = await servers.primary()
    await killed.kill()
    const before = performance.now()
    await expect(client.scripts.add(["killed"], [])).rejects.toMatchObject(unavailable)
    await expect(client.replicated("add", ["killed"], [], 1, 100)).rejects.toMatchObject(unavailable)
    // Nothing is queued, and nothing waits for another primary.
    expect(performance.now() - before).toBeLessThan(500)
    await noteUntilDone(client, "after")
    const publish = () => client.scripts.publish(["any"], ["killed", "heard"])
    await expect.poll(() => publish().then(() => heard.length), { timeout: 5_000 }).toBeGreaterThan(0)
    expect(errors.map(({ message }) => message)).toContain(
      `Redis at 127.0.0.1:${killed.port}: Socket closed unexpectedly`,
    )
    expect(await client.scripts.find(["killed"], [])).toEqual(Buffer.from("1"))
    await client.close()
  }))

test("S52 a primary that is held up is left, and what it says when it goes on is not believed", () =>
  withServers(async (servers) => {
    const client = await connect(servers)
    expect(await client.replicated("add", ["held-up"], [], 2, 1_000)).toBe(2)
    const former = await servers.primary()
    former.freeze()
    try {
      await expect(client.scripts.find(["held-up"], [])).rejects.toMatchObject(unavailable)
      await noteUntilDone(client, "elsewhere")
      // The client counts the newest answer of a majority; the Sentinel that is asked here may hear of it a moment later.
      await expect.poll(() => servers.primary()).not.toBe(former)
      expect(await client.scripts.add(["held-up"], [])).toBe(2)
    } finally {
      former.thaw()
    }
    expect(await ask(former.port, "GET", "held-up")).toBe("1")
    expect(await client.scripts.find(["held-up"], [])).toEqual(Buffer.from("2"))
    await replicaHas(client, "held-up")
    await client.close()
  }))

// Again where the Sentinels were quicker: then it shows nothing.
test(
  "S52 a former primary that still takes commands is left although no command has failed on it",
  {
    retry: 5,
  },
  () =>
    withServers(async (servers) => {
      const client = await connect(servers)
      expect(await client.replicated("add", ["cut-off"], [], 2, 1_000)).toBe(2)
      const former = await servers.primary()
      // Held up only for as long as it takes to name another: no connection breaks, and no command meets it meanwhile.
      former.freeze()
      await until("another primary", async () => (await servers.primary()) !== former)
      former.thaw()
      await until("the new primary is used", async () => {
        const [node] = await client.primaries()
        return !String(await node?.send(["INFO", "server"])).includes(`tcp_port:${former.port}`)
      })
      // The Sentinels themselves turn it into a replica only seconds later: it was left because they name another.
      expect(await ask(former.port, "ROLE")).toMatchObject(["master", expect.anything(), expect.anything()])
      await client.close()
    }),
)

test("one Sentinel of three is enough to go on, and enough to begin", async () => {
  const client = await connect()
  const [, ...others] = redis.sentinels
  for (const sentinel of others) await sentinel.kill()
  try {
    expect(await client.scripts.add(["alone"], [])).toBe(1)
    const second = await connect()
    expect(await second.scripts.add(["alone"], [])).toBe(2)
    await second.close()
  } finally {
    for (const sentinel of others) await sentinel.restart()
  }
  await client.close()
})

test("a process ends by itself when the connection is closed", async () => {
  const program = `
    const { connectToRedis } = await import("@authchemy/tokens/redis")
    const client = await connectToRedis({ url: process.argv[1], scripts: {} })
    await client.subscribe("news", () => {})
    await client.close()
    console.log("closed")`
  const flags = ["--conditions=authchemy-source", "--input-type=module", "-e", program, redis.url]
  const { stdout } = await promisify(execFile)(process.execPath, flags, { timeout: 10_000 })
  expect(stdout).toBe("closed\n")
})
