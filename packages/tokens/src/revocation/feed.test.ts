import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { createRevocationFeed } from "./feed.ts"
import type { FeedTransport } from "./feed-transport.ts"
import { LAPSE_MS } from "./lease.ts"
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

function open(id: string, change: Partial<FeedTransport> = {}) {
  const transport = { ...direct.connect(), ...change }
  return createRevocationFeed({ transport, clock, id })
}

/** Two processes that have followed for so long that the feed's beginning is past. */
async function openTwo(change: Partial<FeedTransport> = {}) {
  const [here, there] = [open("here", change), open("there")]
  here.follow()
  there.follow()
  await pass(LAPSE_MS + 10)
  return { here, there, close: () => Promise.all([here.close(), there.close()]) }
}

/** How a promise ends, and after how many milliseconds of the test's clock. */
async function timed(promise: Promise<unknown>, limit = 2_000) {
  const began = clock.monotonic()
  let outcome = ""
  promise.then(
    () => {
      outcome = "done"
    },
    () => {
      outcome = "failed"
    },
  )
  while (outcome === "" && clock.monotonic() - began < limit) await pass(5)
  return { outcome, ms: clock.monotonic() - began }
}

test("S46 an announcement is done when everybody has forgotten it, and that is soon", async () => {
  const { here, there, close } = await openTwo()
  const { outcome, ms } = await timed(here.announce(["t.a"]))
  expect(outcome).toBe("done")
  expect(ms).toBeLessThan(50)
  expect([here.isForgotten("t.a"), there.isForgotten("t.a")]).toEqual([true, true])
  await close()
})

test("S52 of one that is silent, the lease is waited for, and the next announcement waits no more", async () => {
  const { here, close } = await openTwo()
  direct.store.feed.renew("silent", null)
  const first = await timed(here.announce(["t.a"]))
  expect(first.outcome).toBe("done")
  expect(first.ms).toBeGreaterThanOrEqual(LAPSE_MS)
  const second = await timed(here.announce(["t.b"]))
  expect(second.ms).toBeLessThan(50)
  await close()
})

test("S52 one that renews between being waited for and being struck out stays on the list", async () => {
  const { here, close } = await openTwo()
  direct.store.feed.renew("slow", null)
  const { acknowledged } = direct.store.feed.followers().get("slow") ?? { acknowledged: 0 }
  // It is told the entry, and does not come back to acknowledge it.
  setTimeout(() => direct.store.feed.renew("slow", acknowledged), 300)
  expect((await timed(here.announce(["t.a"]))).ms).toBeGreaterThanOrEqual(LAPSE_MS)
  expect(direct.store.feed.followers().has("slow")).toBe(true)
  await close()
})

test("S50 just after a failover, leases are waited for that nobody is known to hold, and what ended is ended once more", async () => {
  const reasserted: string[] = []
  const { here, close } = await openTwo({
    reassert: async (items) => {
      reasserted.push(...items)
    },
  })
  direct.store.failOver()
  const { outcome, ms } = await timed(here.announce(["t.a"]))
  expect(outcome).toBe("done")
  expect(ms).toBeGreaterThanOrEqual(LAPSE_MS)
  expect(reasserted).toContain("t.a")
  const later = await timed(here.announce(["t.b"]))
  expect(later.ms).toBeLessThan(50)
  expect(reasserted).not.toContain("t.b")
  await close()
})

test("S50 nothing is appended before replicas have it, and nothing is said to have ended where they have not", async () => {
  const { here, close } = await openTwo({
    replicate: async () => {
      throw new Error("no replica has it")
    },
  })
  const append = vi.spyOn(direct.store.feed, "append")
  expect((await timed(here.announce(["t.a"]))).outcome).toBe("failed")
  expect(append).not.toHaveBeenCalled()
  await close()
})

test("announcements of one turn are one entry; those that come later are another", async () => {
  const { here, close } = await openTwo()
  const append = vi.spyOn(direct.store.feed, "append")
  const first = [here.announce(["t.a"]), here.announce(["t.b"])]
  await pass(5)
  await Promise.all([...first, timed(here.announce(["t.c"]))])
  expect(append.mock.calls.map(([items]) => items)).toEqual([["t.a", "t.b"], ["t.c"]])
  await close()
})

test("S52 where the entry cannot be appended, all of its turn are told, and the next turn tries anew", async () => {
  const { here, close } = await openTwo()
  direct.state.isUp = false
  const outcomes = await Promise.all([timed(here.announce(["t.a"])), timed(here.announce(["t.b"]))])
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(["failed", "failed"])
  direct.state.isUp = true
  expect((await timed(here.announce(["t.a"]))).outcome).toBe("done")
  await close()
})

test("what is announced is noted as settled only when it is forgotten everywhere", async () => {
  const settled: { items: readonly string[]; at: number }[] = []
  const { here, close } = await openTwo({
    settle: async (items) => void settled.push({ items, at: clock.monotonic() }),
  })
  direct.store.feed.renew("silent", null)
  const began = clock.monotonic()
  await timed(here.announce(["t.a"]))
  expect(settled).toEqual([{ items: ["t.a"], at: expect.any(Number) }])
  expect(settled[0]?.at).toBeGreaterThanOrEqual(began + LAPSE_MS)
  await close()
})

test("who leaves is not waited for", async () => {
  const { here, there } = await openTwo()
  await there.close()
  expect((await timed(here.announce(["t.a"]))).ms).toBeLessThan(50)
  await here.close()
})
