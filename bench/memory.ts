// Bytes a live session takes in Redis, all that belongs to it included: the memory that Redis uses before and after a million sessions, and what it says of single keys.
import { join } from "node:path"
import { createClient } from "@redis/client"
import { temporaryDirectory } from "../e2e/processes.ts"
import { startRedis } from "../e2e/start-redis.ts"
import { publish } from "./results.ts"
import { seed } from "./sessions/seed.ts"
import { median } from "./statistics.ts"
import { atMost, type Facts } from "./tables.ts"

const COUNT = Number(process.env.BENCH_SESSIONS ?? 1_000_000)
const SAMPLES = 2000

type Row = Facts["rows"][number]

/** Fills a Redis of its own. Resolves with the bytes a session, and what keys of each type take by `MEMORY USAGE`. */
async function measure(sessionsPerAccount: number, directory: string): Promise<Row[]> {
  const redis = await startRedis()
  const client = await createClient({ url: redis.url }).connect()
  const used = async () => Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1])
  try {
    const before = await used()
    const tokensPath = join(directory, "tokens")
    const count = Math.ceil(COUNT / sessionsPerAccount) * sessionsPerAccount
    await seed({ sqlitePath: "", redisUrl: redis.url, tokensPath, count, sessionsPerAccount })
    const bytes = ((await used()) - before) / count
    const each = sessionsPerAccount === 1 ? "one session an account" : `${sessionsPerAccount} an account`

    const sizes = new Map<string, number[]>()
    for (let sample = 0; sample < SAMPLES; sample++) {
      const key = String(await client.randomKey())
      const type = await client.type(key)
      sizes.set(type, [...(sizes.get(type) ?? []), (await client.memoryUsage(key)) ?? 0])
    }
    const row = (name: string, value: number): Row => ({
      name: `${each}: ${name}`,
      ...{ value, unit: "bytes", aims: [] },
    })
    return [
      { ...row("used memory a session", bytes), aims: [atMost(250, bytes)] },
      ...Array.from(sizes, ([type, list]) =>
        row(`a key of type ${type}, median of ${list.length}`, median(list)),
      ),
    ]
  } finally {
    client.destroy()
    await redis.stop()
  }
}

const temporary = await temporaryDirectory("bench-memory")
try {
  const rows = [...(await measure(5, temporary.path)), ...(await measure(1, temporary.path))]
  const title = `Memory of Redis with ${COUNT.toLocaleString("en-US")} live sessions`
  publish("memory", [{ kind: "facts", title, rows }])
} finally {
  await temporary.remove()
}
process.exit(0)
