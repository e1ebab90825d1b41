// What verifying, issuing and revoking cost as sessions grow from a thousand to a million, five an account, on SQLite and on Redis; and `verify()` in one process with a
// million live tokens. One process a store and size, measured in turn.
import { join } from "node:path"
import { temporaryDirectory } from "../e2e/processes.ts"
import { startRedis } from "../e2e/start-redis.ts"
import { publish } from "./results.ts"
import { type Meter, type MeterReply, startMeter } from "./sessions/meters.ts"
import { seed } from "./sessions/seed.ts"
import { median } from "./statistics.ts"
import { atLeast, type Facts, type Growth, growthOf, type Table } from "./tables.ts"

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const MS = (Number(process.env.BENCH_SECONDS ?? 3) * 1000) / 6
const MOST = Number(process.env.BENCH_SESSIONS ?? 1_000_000)
const SIZES = [1_000, 10_000, 100_000, 1_000_000].filter((size) => size <= MOST)
const STORES = ["SQLite", "Redis"] as const
const SESSIONS_PER_ACCOUNT = 5
const OPERATIONS = {
  "verify, held in memory": ["held", "perSecond"],
  "verify, at first sight": ["first sight", "perSecond"],
  issue: ["issue and revoke", "issue"],
  revoke: ["issue and revoke", "revoke"],
} as const

type Store = (typeof STORES)[number]
type Filled = { store: Store; size: number; seconds: number; memory: MeterReply; meter: Meter }

const temporary = await temporaryDirectory("bench-growth")
const redis = await startRedis()
const filled: Filled[] = []

async function fillStore(store: Store, size: number, number: number): Promise<void> {
  const options = {
    sqlitePath: join(temporary.path, `${size}.db`),
    redisUrl: store === "Redis" ? `${redis.url}/${number}` : null,
    tokensPath: join(temporary.path, `${store}-${size}.tokens`),
    sessionsPerAccount: SESSIONS_PER_ACCOUNT,
  }
  const seconds = await seed({ ...options, count: size })
  const meter = await startMeter(options)
  filled.push({ store, size, seconds, meter, memory: await meter.ask({ work: "fill", ms: 0 }) })
}

/** Asks all for one piece of work, round after round. Resolves with each one's answers. */
async function askInTurn(works: ("held" | "first sight" | "issue and revoke" | "digest")[]) {
  const answers = new Map<string, MeterReply[]>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const work of works) {
      for (const { store, size, meter } of filled) {
        const key = `${store} ${size} ${work}`
        answers.set(key, [...(answers.get(key) ?? []), await meter.ask({ work, ms: MS })])
      }
    }
  }
  return (store: Store, size: number, work: string, figure: string) =>
    (answers.get(`${store} ${size} ${work}`) ?? []).map((answer) => answer[figure] ?? Number.NaN)
}

try {
  for (const store of STORES) {
    for (const [number, size] of SIZES.entries()) await fillStore(store, size, number)
  }
  // What is held is measured before anything is revoked, while all of it is held.
  const [inMemory, inStore] = [
    await askInTurn(["digest", "held"]),
    await askInTurn(["first sight", "issue and revoke"]),
  ]
  const figures: typeof inMemory = (store, size, work, figure) =>
    (work === "digest" || work === "held" ? inMemory : inStore)(store, size, work, figure)
  const most = SIZES.at(-1) ?? 0
  const tables: Table[] = [
    {
      kind: "comparison",
      title: `\`verify()\` in one process, one core, ${most.toLocaleString("en-US")} live tokens, random order`,
      unit: "calls/s",
      rows: [
        {
          name: "SHA-256 of a token alone",
          values: figures("SQLite", most, "digest", "perSecond"),
          aims: [],
        },
        ...STORES.map((store) => {
          const values = figures(store, most, "held", "perSecond")
          return { name: `\`verify()\`, ${store}`, values, aims: [atLeast(200_000, median(values))] }
        }),
      ],
    },
    ...STORES.map(
      (store): Growth => ({
        ...{ kind: "growth", title: `As sessions grow, ${store}`, unit: "calls/s", sizes: SIZES },
        rows: Object.entries(OPERATIONS).map(([name, [work, figure]]) => {
          const values = SIZES.map((size) => figures(store, size, work, figure))
          return { name, values, aims: [{ text: "≤ 20 % more", reached: growthOf(values) <= 1.2 }] }
        }),
      }),
    ),
    {
      ...{ kind: "facts", title: `Processes that hold ${most.toLocaleString("en-US")} sessions` },
      rows: filled
        .filter(({ size }) => size === most)
        .flatMap(({ store, seconds, memory }): Facts["rows"] => [
          { name: `${store}, filling the store`, value: seconds, unit: "s", aims: [] },
          {
            name: `${store}, verified from memory`,
            value: 100 * median(figures(store, most, "held", "heldShare")),
            ...{ unit: "% of calls", aims: [] },
          },
          { name: `${store}, a held session`, value: memory.bytesASession ?? 0, unit: "bytes", aims: [] },
          { name: `${store}, the process`, value: memory.megabytes ?? 0, unit: "MB", aims: [] },
        ]),
    },
  ]
  publish("growth", tables)
} finally {
  for (const { meter } of filled) await meter.stop()
  await redis.stop()
  await temporary.remove()
}
process.exit(0)
