import { createClient } from "@redis/client"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { connectToRedis } from "./redis-client.ts"
import { script } from "./redis-script-parts.ts"

const url = inject("redisUrl")
const prefix = `test-client-${process.pid}-${Date.now()}:`
const admin = createClient({ url })
beforeAll(async () => {
  await admin.connect()
})
afterAll(async () => {
  await admin.close()
})

const scripts = {
  add: script<number>(1, "return redis.call('INCRBY', KEYS[1], ARGV[1])"),
  find: script<[Buffer | null, number]>(1, "return { redis.call('GET', KEYS[1]), 7 }"),
  fail: script<number>(1, "return redis.call('LPUSH', KEYS[1], 'x')"),
  publish: script<number>(0, "return redis.call('PUBLISH', ARGV[1], ARGV[2])"),
}
const connect = (given = url) => connectToRedis({ url: given, scripts })

test("scripts run, also where the server has forgotten them; texts in replies are bytes", async () => {
  const client = await connect()
  const key = `${prefix}counted`
  expect(await client.scripts.add([key], ["2"])).toBe(2)
  await admin.scriptFlush()
  expect(await client.scripts.add([key], [Buffer.from("3")])).toBe(5)
  expect(await client.scripts.find([key], [])).toEqual([Buffer.from("5"), 7])
  expect(await client.scripts.find([`${prefix}missing`], [])).toEqual([null, 7])
  expect(await client.scripts.find([key], [])).toEqual([Buffer.from("5"), 7])
  expect(await client.eval("return { ARGV[1], KEYS[1] }", { keys: [key], arguments: ["x"] })).toEqual([
    Buffer.from("x"),
    Buffer.from(key),
  ])
  await client.close()
})

test("whatever Redis refuses is an unavailable store; the connection goes on", async () => {
  const client = await connect()
  const key = `${prefix}refused`
  await client.scripts.add([key], ["1"])
  await expect(client.scripts.fail([key], [])).rejects.toMatchObject({
    code: "store_unavailable",
    cause: { message: expect.stringMatching(/^WRONGTYPE/) },
  })
  expect(await client.scripts.add([key], ["1"])).toBe(2)
  await client.close()
})

test("the only node takes any command", async () => {
  const client = await connect()
  const [node, ...others] = await client.primaries()
  expect(others).toEqual([])
  expect(await node?.send(["SET", `${prefix}sent`, Buffer.from("x")])).toBe("OK")
  await expect(node?.send(["NONSENSE"])).rejects.toMatchObject({ code: "store_unavailable" })
  await client.close()
})

test("where there are no replicas, none has it", async () => {
  const client = await connect()
  const key = `${prefix}replicated`
  await admin.scriptFlush()
  const had = await Promise.all(
    Array.from({ length: 20 }, () => client.replicated("add", [key], ["1"], 1, 20)),
  )
  expect(had).toEqual(Array.from({ length: 20 }, () => 0))
  expect(await client.replicated("add", [key], ["1"], 0, 20)).toBe(0)
  expect(await admin.get(key)).toBe("21")
  await client.close()
})

test("messages are heard, and heard again when the connection was lost", async () => {
  const client = await connect()
  const heard: string[] = []
  const channel = `${prefix}channel`
  await client.subscribe(channel, (message) => heard.push(message))
  await client.subscribe(`${channel}-2`, (message) => heard.push(`2 ${message}`))
  await client.scripts.publish([], [channel, "grüße"])
  await expect.poll(() => heard).toEqual(["grüße"])
  await admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"])
  await expect.poll(() => client.scripts.publish([], [channel, "again"]).catch(() => 0)).toBe(1)
  await expect.poll(() => heard).toContain("again")
  await client.scripts.publish([], [`${channel}-2`, "other"])
  await expect.poll(() => heard).toContain("2 other")
  await client.close()
})

test("a connection that is killed is made anew, and nothing waits for it", async () => {
  const key = `${prefix}killed`
  const errors: Error[] = []
  const refusals: Promise<unknown>[] = []
  const client = await connectToRedis({
    url,
    scripts,
    onError: (error) => {
      errors.push(error)
      refusals.push(client.scripts.add([key], ["1"]).catch((refusal) => refusal))
    },
  })
  const [node] = await client.primaries()
  const id = String(await node?.send(["CLIENT", "ID"]))
  await admin.sendCommand(["CLIENT", "KILL", "ID", id])
  await expect.poll(() => client.scripts.add([key], ["1"]).catch(() => 0)).toBe(1)
  expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining("Socket closed") })])
  expect(await Promise.all(refusals)).toEqual([
    expect.objectContaining({
      code: "store_unavailable",
      cause: expect.objectContaining({ message: "no connection to Redis" }),
    }),
  ])
  await client.close()
})

test("closing lets what is under way finish, and then everything is refused", async () => {
  const client = await connect()
  const underWay = client.scripts.add([`${prefix}closing`], ["1"])
  await client.close()
  expect(await underWay).toBe(1)
  await expect(client.scripts.add([`${prefix}closing`], ["1"])).rejects.toMatchObject({
    code: "store_unavailable",
  })
  await expect(client.subscribe("x", () => {})).rejects.toMatchObject({ code: "store_unavailable" })
  await client.close()
})

test.each([
  ["redis://127.0.0.1:1", /^Redis at 127\.0\.0\.1:1: connect ECONNREFUSED/],
  [
    "redis+sentinel://127.0.0.1:1/main",
    /^no Sentinel names the primary of "main": Redis at 127\.0\.0\.1:1: /,
  ],
  ["redis+cluster://127.0.0.1:1", /^Redis at 127\.0\.0\.1:1: connect ECONNREFUSED/],
  [url.replace("redis:", "redis+cluster:"), /ERR This instance has cluster support disabled/],
  [
    "rediss://127.0.0.1:1?ca=/missing.pem",
    /the file of the parameter ca, \/missing\.pem, cannot be read \(ENOENT\)/,
  ],
])("what cannot be reached is said: %s", async (given, message) => {
  await expect(connect(given)).rejects.toMatchObject({
    code: "store_unavailable",
    cause: { message: expect.stringMatching(message) },
  })
})
