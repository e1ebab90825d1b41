// One partition of the feed with many followers, as a queue: Redis' one thread serves renewals and appends in the order in which they come.
import { RENEWAL_MS } from "../../packages/tokens/src/revocation/lease.ts"
import { percentile } from "../statistics.ts"
import type { Costs } from "./costs.ts"

/** What is simulated. */
export type Setting = {
  /** How many follow this feed directly: processes, or relays that each pass it on to as many again. */
  followers: number
  /** Revocations a second on this feed. */
  revocations: number
  costs: Costs
  /** One way between a process and Redis, in milliseconds, at the median. */
  networkMs: number
  seconds: number
  /** Numbers from 0 to 1. */
  random: () => number
}

export type Outcome = {
  /** Of the time, how much Redis' thread was at work. */
  busy: number
  /** Milliseconds from a revocation's append until the last follower's acknowledgement has come back. */
  p50: number
  p99: number
  /** Renewals that came back later than a lease lasts, as a share. */
  lapsed: number
}

type Job = { at: number; kind: "renewal" | "append"; follower: number; askedAt: number; acknowledges: number }

/** Runs the queue. Followers renew every 100 ms, and when an entry is pushed to them; each has one renewal under way at most. */
export function simulate(setting: Setting): Outcome {
  const { followers, revocations, costs, networkMs, seconds, random } = setting
  const end = seconds * 1000
  const hop = () => networkMs * (0.7 - Math.log(1 - random()) * 0.43)
  const jobs = new Heap()
  const told = new Float64Array(followers)
  const nextRenewal = new Float64Array(followers)
  const waiting = new Map<number, { appendedAt: number; missing: number; lastBack: number }>()
  const latencies: number[] = []
  let number = 0
  let renewals = 0
  let lapsed = 0
  let free = 0
  let busy = 0

  const renewAt = (follower: number, askedAt: number, acknowledges: number) => {
    nextRenewal[follower] = askedAt
    jobs.push({ at: askedAt + hop(), kind: "renewal", follower, askedAt, acknowledges })
  }
  for (let follower = 0; follower < followers; follower++) renewAt(follower, random() * RENEWAL_MS, 0)
  for (let at = 0; at < end; ) {
    at += (-Math.log(1 - random()) * 1000) / revocations
    jobs.push({ at, kind: "append", follower: -1, askedAt: at, acknowledges: 0 })
  }

  for (let job = jobs.pop(); job !== undefined && job.at < end; job = jobs.pop()) {
    const begun = Math.max(free, job.at)
    const acknowledges = job.acknowledges > (told[job.follower] ?? 0)
    const cost =
      job.kind === "append"
        ? costs.append + costs.appendPerFollower * followers
        : acknowledges
          ? costs.acknowledgement
          : costs.renewal
    free = begun + cost / 1000
    busy += cost / 1000
    if (job.kind === "append") {
      number++
      waiting.set(number, { appendedAt: job.askedAt, missing: followers, lastBack: 0 })
      for (let follower = 0; follower < followers; follower++) renewAt(follower, free + hop(), number)
      continue
    }
    renewals++
    const back = free + hop()
    if (back - job.askedAt > RENEWAL_MS * 5) lapsed++
    if (acknowledges) {
      for (let one = (told[job.follower] ?? 0) + 1; one <= job.acknowledges; one++) {
        const wait = waiting.get(one)
        if (wait === undefined) continue
        wait.missing--
        wait.lastBack = Math.max(wait.lastBack, back)
        if (wait.missing > 0) continue
        latencies.push(wait.lastBack - wait.appendedAt)
        waiting.delete(one)
      }
      told[job.follower] = job.acknowledges
    }
    // Only the latest renewal of a follower makes the next one: a push puts it off.
    if (nextRenewal[job.follower] === job.askedAt) {
      renewAt(job.follower, Math.max(back, job.askedAt + RENEWAL_MS), job.acknowledges)
    }
  }
  return {
    busy: busy / end,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    lapsed: renewals === 0 ? 0 : lapsed / renewals,
  }
}

/** The earliest job first. */
class Heap {
  #jobs: Job[] = []

  push(job: Job): void {
    const jobs = this.#jobs
    let index = jobs.push(job) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if ((jobs[parent]?.at ?? 0) <= job.at) break
      jobs[index] = jobs[parent] ?? job
      index = parent
    }
    jobs[index] = job
  }

  pop(): Job | undefined {
    const jobs = this.#jobs
    const [first] = jobs
    const last = jobs.pop()
    if (last === undefined || jobs.length === 0) return first
    let index = 0
    for (;;) {
      let child = index * 2 + 1
      if (child >= jobs.length) break
      if ((jobs[child + 1]?.at ?? Number.POSITIVE_INFINITY) < (jobs[child]?.at ?? 0)) child++
      const smaller = jobs[child]
      if (smaller === undefined || smaller.at >= last.at) break
      jobs[index] = smaller
      index = child
    }
    jobs[index] = last
    return first
  }
}
