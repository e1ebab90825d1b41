import { connectToRedis } from "@authchemy/tokens/redis"
import { afterAll, beforeAll, expect, test } from "vitest"
import { openRedisRateLimits } from "../packages/authchemy/src/limits/redis.ts"
import { openRedisStore } from "../packages/tokens/src/store/redis.ts"
import { slotOf } from "../packages/tokens/src/store/redis-slot.ts"
import { scripts } from "./redis-scripts.ts"
import { type RedisClusterProcesses, startCluster } from "./start-redis-cluster.ts"
import { ask, until } from "./start-redis-sentinel.ts"

let redis: RedisClusterProcesses
beforeAll(async () => {
  redis = await startCluster()
})
afterAll(async () => {
  await redis.stop()
})

const unavailable = { code: "store_unavailable" }
const connect = (errors: Error[] = []) =>
  connectToRedis({ url: redis.url, scripts, onError: (error) => errors.push(error) })

/** Keys of which each primary has some. */
const spreadKeys = Array.from({ length: 30 }, (_, index) => `spread-${index}`)

test("keys go where they belong; every primary tells its replica, and is heard", async () => {
  const client = await connect()
  const counts = await Promise.all(spreadKeys.map((key) => client.scripts.add([key], [])))
  expect(counts.every((count) => count === 1)).toBe(true)
  expect(new Set(await Promise.all(spreadKeys.map((key) => redis.primaryOf(slotOf(key))))).size).toBe(3)
  const had = await Promise.all(spreadKeys.map((key) => client.replicated("add", [key], [], 1, 1_000)))
  expect(had.every((count) => count === 1)).toBe(true)

  const nodes = await client.primaries()
  const sizes = await Promise.all(nodes.map((node) => node.send(["DBSIZE"])))
  expect(sizes.reduce((sum: number, size) => sum + Number(size), 0)).toBe(spreadKeys.length)
  const ports = await Promise.all(
    nodes.map(async (node) => /tcp_port:(\d+)/.exec(String(await node.send(["INFO", "server"])))?.[1]),
  )
  for (const key of spreadKeys) {
    const { port } = await redis.primaryOf(slotOf(key))
    expect(await nodes[ports.indexOf(String(port))]?.send(["EXISTS", key])).toBe(1)
  }

  const heard: string[] = []
  await client.subscribe("news", (message) => heard.push(message))
  for (const key of spreadKeys) await client.scripts.publish([key], ["news", key])
  await expect.poll(() => heard.sort()).toEqual([...spreadKeys].sort())
  await client.close()
})

test("attempts are counted", async () => {
  const limits = await openRedisRateLimits({ url: redis.url, onError: () => {} })
  const limiter = limits.open({ name: "one", points: 1, durationSeconds: 60 })
  for (const name of ["ada", "grace", "edsger", "barbara"]) {
    expect(await limiter.admit(name)).toMatchObject({ admitted: true })
    expect(await limiter.admit(name)).toMatchObject({ admitted: false })
  }
  await limits.close()
})

test("a Cluster of which one primary evicts keys is refused", async () => {
  const { port } = await redis.primaryOf(16_383)
  await ask(port, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
  try {
    await expect(openRedisStore({ url: redis.url })).rejects.toMatchObject({
      code: "store_unavailable",
      cause: { message: expect.stringContaining("CONFIG SET maxmemory-policy noeviction") },
    })
  } finally {
    await ask(port, "CONFIG", "SET", "maxmemory-policy", "noeviction")
  }
})

test("S52 a slot that moves while scripts run: every one is done, once, on all its keys", async () => {
  const client = await connect()
  const tag = "{moving}"
  const slot = slotOf(tag)
  // By name, all counts come before all lists: halfway, each pair is on two nodes.
  const pairs = Array.from({ length: 40 }, (_, index) => [`${tag}count-${index}`, `${tag}names-${index}`])
  const single = `${tag}a-key-of-its-own`
  const done: Promise<unknown>[] = []
  let calls = 0
  const call = (keys: string[]) => {
    const name = String(calls++)
    done.push(
      calls % 5 === 0
        ? client.replicated("note", keys, [name], 1, 1_000).then((had) => expect(had).toBe(1))
        : client.scripts.note(keys, [name]),
    )
  }
  const callAll = () => {
    for (const keys of pairs) call(keys)
  }
  callAll()
  await Promise.all(done)
  await client.scripts.add([single], [])

  const from = await redis.primaryOf(slot)
  const others = await Promise.all(spreadKeys.map((key) => redis.primaryOf(slotOf(key))))
  const to = others.find((node) => node !== from)
  if (to === undefined) throw new Error("all keys are on one node")
  const asked: (number | Buffer | null)[] = []
  await redis.moveSlot(slot, to, async () => {
    callAll()
    // What is on one node only, and what is on none, can be had meanwhile.
    asked.push(await client.scripts.add([single], []))
    asked.push(await client.scripts.find([`${tag}never-kept`], []))
  })
  callAll()
  await Promise.all(done)
  expect(asked).toEqual([2, null, 3, null])
  expect(await redis.primaryOf(slot)).toBe(to)

  const names: string[] = []
  for (const [count = "", list = ""] of pairs) {
    const noted = (await client.scripts.list([list], [])).map(String)
    expect(await client.scripts.find([count], [])).toEqual(Buffer.from(String(noted.length)))
    names.push(...noted)
  }
  expect(names).toHaveLength(calls)
  expect(new Set(names).size).toBe(calls)
  await client.close()
})

test("S52 a primary that is killed: errors for its keys only, then its replica takes over by itself", async () => {
  const errors: Error[] = []
  const client = await connect(errors)
  const heard: string[] = []
  await client.subscribe("killed", (message) => heard.push(message))
  const killed = await redis.primaryOf(slotOf("killed"))
  expect(await client.replicated("add", ["killed"], [], 1, 1_000)).toBe(1)
  await killed.kill()
  const before = performance.now()
  await expect(client.scripts.add(["killed"], [])).rejects.toMatchObject(unavailable)
  await expect(client.replicated("add", ["killed"], [], 1, 100)).rejects.toMatchObject(unavailable)
  expect(performance.now() - before).toBeLessThan(500)
  await until("the replica has taken over", async () => {
    const reply = await client.scripts.add(["killed"], []).catch((error) => error)
    if (typeof reply !== "number") expect(reply).toMatchObject(unavailable)
    return reply === 2
  })
  const publish = () => client.scripts.publish(["killed"], ["killed", "heard"])
  await expect.poll(() => publish().then(() => heard.length), { timeout: 5_000 }).toBeGreaterThan(0)
  expect(await client.primaries()).toHaveLength(3)
  for (const key of spreadKeys) expect(await client.scripts.find([key], [])).toEqual(Buffer.from("2"))
  await killed.restart()
  await client.close()
})

test("S52 a primary that is held up is left when its replica has taken over", async () => {
  const client = await connect()
  await until("every primary has a replica", async () => {
    const nodes = await client.primaries()
    const infos = await Promise.all(nodes.map((node) => node.send(["INFO", "replication"])))
    return infos.every((info) => String(info).includes("state=online"))
  })
  const former = await redis.primaryOf(slotOf("held-up"))
  expect(await client.replicated("add", ["held-up"], [], 1, 1_000)).toBe(1)
  former.freeze()
  try {
    await until("the replica has taken over", async () => {
      const reply = await client.scripts.find(["held-up"], []).catch((error) => error)
      if (!(reply instanceof Buffer)) expect(reply).toMatchObject(unavailable)
      return reply instanceof Buffer
    })
    expect(await redis.primaryOf(slotOf("held-up"))).not.toBe(former)
    expect(await client.scripts.find(["held-up"], [])).toEqual(Buffer.from("1"))
  } finally {
    former.thaw()
  }
  await client.close()
})
