import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { FollowerTransport, Renewal } from "./feed-transport.ts"
import { createFollower } from "./follower.ts"
import { LEASE_MS, RENEWAL_MS } from "./lease.ts"
import { createDirectStore } from "./testing/direct-transport.ts"
import { createManualClock, type ManualClock } from "./testing/manual-clock.ts"

let clock: ManualClock
let direct: ReturnType<typeof createDirectStore>
beforeEach(() => {
  vi.useFakeTimers()
  clock = createManualClock()
  direct = createDirectStore()
})
afterEach(() => {
  vi.useRealTimers()
})

async function pass(ms: number) {
  for (let step = 0; step < ms; step += 5) {
    clock.advance(5)
    await vi.advanceTimersByTimeAsync(5)
  }
}

function open(change: Partial<FollowerTransport> = {}) {
  const transport = { ...direct.connect(), ...change }
  const forgotten: (string | null)[] = []
  const errors: Error[] = []
  const onError = (error: Error) => void errors.push(error)
  const follower = createFollower({ transport, clock, id: "me", onError })
  follower.onForgotten((item) => forgotten.push(item))
  return { follower, transport, forgotten, errors }
}

test("it follows only when it is told to, and then holds a lease", async () => {
  const { follower, transport } = open()
  await pass(300)
  expect([follower.isCurrent(), transport.renewals.length, follower.status().following]).toEqual([
    false,
    0,
    false,
  ])
  follower.follow()
  follower.follow()
  await pass(5)
  expect(follower.isCurrent()).toBe(true)
  expect(transport.renewals).toEqual([null])
  await follower.close()
})

test("it renews every 100 ms, and whenever it is woken", async () => {
  const { follower, transport } = open()
  follower.follow()
  await pass(RENEWAL_MS * 5 + 10)
  expect(transport.renewals).toHaveLength(6)
  follower.wake()
  await pass(5)
  expect(transport.renewals).toHaveLength(7)
  await follower.close()
})

test("S46 what is appended is forgotten and acknowledged without waiting for the next renewal", async () => {
  const { follower, transport, forgotten } = open()
  follower.follow()
  await pass(5)
  const { number } = direct.store.feed.append(["t.a"])
  await pass(5)
  expect(forgotten).toEqual([null, "t.a"])
  expect(transport.renewals.at(-1)).toBe(number)
  expect(direct.store.feed.followers().get("me")?.acknowledged).toBe(number)
  expect(follower.isForgotten("t.a")).toBe(true)
  await follower.close()
})

test("S46 without pushes, a renewal tells it, and acknowledges it at once", async () => {
  const { follower, forgotten } = open()
  follower.follow()
  await pass(5)
  direct.state.pushes = false
  const { number } = direct.store.feed.append(["t.a"])
  await pass(RENEWAL_MS)
  expect(forgotten).toContain("t.a")
  expect(direct.store.feed.followers().get("me")?.acknowledged).toBe(number)
  expect(follower.status()).toMatchObject({ position: number, lag: 0 })
  await follower.close()
})

test("S52 a lease that cannot be renewed runs out, and comes back with the store", async () => {
  const { follower, errors } = open()
  follower.follow()
  await pass(5)
  direct.state.isUp = false
  await pass(LEASE_MS - 10)
  expect(follower.isCurrent()).toBe(true)
  await pass(RENEWAL_MS)
  expect(follower.isCurrent()).toBe(false)
  expect(follower.status().leaseAgeMs).toBeNull()
  expect(errors.length).toBeGreaterThan(0)
  direct.state.isUp = true
  await pass(RENEWAL_MS)
  expect(follower.isCurrent()).toBe(true)
  await follower.close()
})

test("S52 a gap empties everything, and the lease counts from the renewal after it", async () => {
  const { follower, forgotten } = open()
  follower.follow()
  await pass(5)
  const generation = follower.generation()
  direct.store.loseFeed()
  await pass(RENEWAL_MS)
  expect(forgotten).toEqual([null, null])
  expect(follower.generation()).toBe(generation + 1)
  expect(follower.status()).toMatchObject({ restarts: 1 })
  expect(follower.isCurrent()).toBe(true)
  await follower.close()
})

test("S50 at a new epoch what was revoked is ended once more before a lease is held again", async () => {
  const steps: string[] = []
  const base = direct.connect()
  const { follower } = open({
    reassert: async (items) => {
      steps.push(`reassert ${items} ${follower.isCurrent() ? "with" : "without"} a lease`)
      await base.reassert(items)
    },
  })
  follower.follow()
  await pass(5)
  direct.store.feed.append(["t.a"])
  follower.forget(["t.b"])
  await pass(RENEWAL_MS)
  direct.store.failOver()
  await pass(RENEWAL_MS)
  expect(steps).toEqual(["reassert t.a,t.b without a lease"])
  expect(follower.isCurrent()).toBe(true)
  await follower.close()
})

test("S50 where ending once more fails, no lease is held, and it is tried again", async () => {
  let fails = true
  const { follower } = open({
    reassert: async () => {
      if (fails) throw new Error("away")
    },
  })
  follower.follow()
  await pass(5)
  direct.store.failOver()
  await pass(RENEWAL_MS * 3)
  expect(follower.isCurrent()).toBe(false)
  fails = false
  await pass(RENEWAL_MS)
  expect(follower.isCurrent()).toBe(true)
  await follower.close()
})

test("entries that come in parts are all taken before a lease is held", async () => {
  const entries = Array.from({ length: 7 }, (_, index) => ({ number: index + 1, items: [`t.${index + 1}`] }))
  const told = (acknowledged: number | null): Renewal =>
    acknowledged === null
      ? { epoch: "", last: 0, entries: [] }
      : { epoch: "", last: 7, entries: entries.slice(acknowledged, acknowledged + 3) }
  const renewals: (number | null)[] = []
  const { follower, forgotten } = open({
    renew: async (_follower, acknowledged) => {
      renewals.push(acknowledged)
      return told(acknowledged)
    },
  })
  follower.follow()
  await pass(5)
  await pass(RENEWAL_MS)
  expect(renewals).toEqual([null, 0, 3, 6, 7])
  expect(forgotten).toHaveLength(8)
  await follower.close()
})

test("S52 a lease for no time at all is none", async () => {
  const { follower } = open({ renew: async () => ({ epoch: "", last: 0, entries: [], leaseMs: 0 }) })
  follower.follow()
  await pass(RENEWAL_MS)
  expect(follower.isCurrent()).toBe(false)
  await follower.close()
})

test("who has been closed has left, and holds no lease though a renewal was under way", async () => {
  const answers: (() => void)[] = []
  const base = direct.connect()
  const { follower } = open({
    renew: (id, acknowledged) =>
      new Promise((resolve) => answers.push(() => resolve(base.renew(id, acknowledged)))),
  })
  follower.follow()
  const closing = follower.close()
  for (const answer of answers) answer()
  await pass(10)
  await closing
  expect(direct.store.feed.followers().size).toBe(0)
  expect(follower.isCurrent()).toBe(false)
})

test("news are passed on, until nobody wants them", async () => {
  const { follower } = open()
  const heard: string[] = []
  const end = follower.onNews((news) => heard.push(news.kind))
  direct.store.feed.append(["t.a"])
  end()
  direct.store.feed.append(["t.b"])
  expect(heard).toEqual(["appended"])
  await follower.close()
})
