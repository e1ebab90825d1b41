// How far one feed of revocations goes, and what partitions and relays add: docs/operations.md, "How this grows". What a call costs Redis is measured; the queue is simulated.
import { startRedis } from "../e2e/start-redis.ts"
import { measureCosts } from "./scale/costs.ts"
import { simulate } from "./scale/simulation.ts"

const SECONDS = 20
/** One way within a data centre. */
const NETWORK_MS = 0.25

const redis = await startRedis()
try {
  const costs = await measureCosts(redis.url)
  console.log("## What the feed costs Redis\n\n| a call | µs of Redis' thread |\n|---|---|")
  for (const [name, microseconds] of Object.entries(costs))
    console.log(`| ${name} | ${microseconds.toFixed(2)} |`)

  console.log(
    "\n## One feed\n\n| followers | revocations/s | Redis' thread busy | until all know, p50 ms | p99 ms | leases lapsed |\n|---|---|---|---|---|---|",
  )
  for (const [followers, revocations] of [
    [3, 50],
    [30, 200],
    [100, 200],
    [300, 200],
    [1000, 10],
    [1000, 100],
    [3000, 10],
  ] as const) {
    const random = seeded(followers * 1000 + revocations)
    const outcome = simulate({
      followers,
      revocations,
      costs,
      networkMs: NETWORK_MS,
      seconds: SECONDS,
      random,
    })
    const figures = [
      `${Math.round(outcome.busy * 100)} %`,
      ...[outcome.p50, outcome.p99].map((ms) => (Number.isNaN(ms) ? "never" : ms.toFixed(1))),
      `${(outcome.lapsed * 100).toFixed(1)} %`,
    ]
    console.log(`| ${followers} | ${revocations} | ${figures.join(" | ")} |`)
  }

  console.log(
    "\n## 1,000 processes, 200 revocations/s\n\n| feeds | each one's thread busy | p50 ms | p99 ms | leases lapsed |\n|---|---|---|---|---|",
  )
  for (const feeds of [1, 4, 8, 16]) {
    const setting = { followers: 1000, revocations: 200 / feeds, costs, networkMs: NETWORK_MS }
    const { busy, p50, p99, lapsed } = simulate({ ...setting, seconds: SECONDS, random: seeded(feeds) })
    const figures = [p50, p99].map((ms) => (Number.isNaN(ms) ? "never" : ms.toFixed(1)))
    console.log(
      `| ${feeds} | ${Math.round(busy * 100)} % | ${figures.join(" | ")} | ${(lapsed * 100).toFixed(1)} % |`,
    )
  }

  console.log(
    "\n## 1,024 processes behind relays, 200 revocations/s\n\n| relays, each with | Redis' thread busy | p50 ms | p99 ms |\n|---|---|---|---|",
  )
  const relays = 32
  const root = simulate({
    followers: relays,
    revocations: 200,
    costs,
    networkMs: NETWORK_MS,
    seconds: SECONDS,
    random: seeded(7),
  })
  // A relay answers from memory: about what a call costs one of our servers, and one hop more each way.
  const served = { renewal: 20, acknowledgement: 20, append: 20, appendPerFollower: 8 }
  const leaf = simulate({
    followers: 32,
    revocations: 200,
    costs: served,
    networkMs: NETWORK_MS,
    seconds: SECONDS,
    random: seeded(8),
  })
  console.log(
    `| ${relays} × 32 | ${Math.round(root.busy * 100)} % | ${(root.p50 + leaf.p50).toFixed(1)} | ${(root.p99 + leaf.p99).toFixed(1)} |`,
  )
} finally {
  await redis.stop()
}
process.exit(0)

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
