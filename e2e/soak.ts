import { readFile } from "node:fs/promises"
import { faultsOf } from "../packages/tokens/src/revocation/testing/history.ts"
import { type FaultyWorld, openFaultyWorld } from "./faulty-world.ts"
import { recordLoad } from "./recorded-load.ts"

// Load and faults on real parts for as long as SOAK_MINUTES says: three servers and two verifiers on a Redis with a replica that each revocation waits for. A table every minute, and a verdict.

const MINUTES = Number(process.env.SOAK_MINUTES ?? 10)
const SEED = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000)
/** Load in each round; besides, things take three seconds to mend. */
const ROUND_MS = 17_000
/** Memory counts from here on: by then everything has been used, and the collectors have seen it. */
const WARM_UP = 0.3
/** By how much a process may have grown since, before it counts as a leak: chance, and what the heap allows itself. */
const MOST_GROWTH = 1.25
const MOST_GROWTH_MB = 30

type Sample = { minute: number; megabytes: Map<string, number> }

/** What the process has of the machine's memory: Linux' `VmRSS`; `null` where that cannot be told. */
async function residentMegabytes(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "")
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) / 1024
}

async function sample(world: FaultyWorld, minute: number): Promise<Sample> {
  const pids = [
    ...world.processes.map((one) => [one.name, one.pid()] as const),
    ["Redis", world.redis.pid] as const,
    ...(world.replica === null ? [] : [["the replica", world.replica.pid] as const]),
  ]
  const megabytes = new Map<string, number>()
  for (const [name, pid] of pids) {
    const resident = await residentMegabytes(pid)
    if (resident !== null) megabytes.set(name, resident)
  }
  return { minute, megabytes }
}

/** Processes that have grown since the warm-up: the median of the last third against that of the first samples after it. */
function grown(samples: readonly Sample[], restarted: ReadonlySet<string>): string[] {
  const counted = samples.filter(({ minute }) => minute >= MINUTES * WARM_UP)
  const names = counted[0]?.megabytes.keys() ?? []
  return [...names].flatMap((name) => {
    if (restarted.has(name)) return []
    const course = counted.flatMap(({ megabytes }) => megabytes.get(name) ?? [])
    const third = Math.max(1, Math.floor(course.length / 3))
    const [early, late] = [median(course.slice(0, third)), median(course.slice(-third))]
    const isGrown = late > early * MOST_GROWTH && late > early + MOST_GROWTH_MB
    return isGrown ? [`${name}: from ${early.toFixed(0)} MB to ${late.toFixed(0)} MB`] : []
  })
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

const world = await openFaultyWorld({ seed: SEED, replicas: 1 })
const began = performance.now()
const minutes = () => (performance.now() - began) / 60_000
const samples: Sample[] = []
const wrong: string[] = []
const total = { calls: 0, accepted: 0, unavailable: 0, revocations: 0, acknowledged: 0, faults: 0 }
const restarted = new Set<string>()
console.log(`seed ${SEED}, ${MINUTES} minutes`)

for (let shown = 0; minutes() < MINUTES; ) {
  const { history, faults } = await recordLoad(world, ROUND_MS)
  wrong.push(...faultsOf(history))
  for (const { answer } of history.calls) {
    total.calls++
    if (answer === "accepted") total.accepted++
    if (answer === "unavailable" || answer === "none") total.unavailable++
  }
  for (const { outcome } of history.revocations) {
    total.revocations++
    if (outcome === "acknowledged") total.acknowledged++
  }
  for (const [name, times] of faults) {
    total.faults += times
    // One that is killed begins small again.
    if (name.endsWith("is killed")) restarted.add(name.replace(" is killed", ""))
  }
  samples.push(await sample(world, minutes()))
  if (minutes() < shown + 1 && minutes() < MINUTES) continue
  shown = Math.floor(minutes())
  console.log(`\nafter ${minutes().toFixed(1)} minutes: ${wrong.length} wrong answers`)
  console.table({ ...total })
  const megabytes = Object.fromEntries(samples.at(-1)?.megabytes ?? [])
  console.table(
    Object.fromEntries(Object.entries(megabytes).map(([name, mb]) => [name, { MB: Math.round(mb) }])),
  )
}

await world.close()
const leaks = grown(samples, restarted)
for (const fault of wrong.slice(0, 20)) console.log(`WRONG: ${fault}`)
for (const leak of leaks) console.log(`GROWN: ${leak}`)
const isWell = wrong.length === 0 && leaks.length === 0 && total.acknowledged > 0 && total.accepted > 0
console.log(
  `\n${isWell ? "passed" : "FAILED"}: ${wrong.length} wrong answers in ${total.calls} calls, ${total.acknowledged} sign-outs acknowledged, ` +
    `${total.faults} faults; memory ${leaks.length === 0 ? "is flat" : "grows"}`,
)
process.exitCode = isWell ? 0 : 1
