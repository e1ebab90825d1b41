import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { StoreUnavailableError } from "../errors.ts"
import { createAcknowledgements } from "./acknowledgements.ts"
import type { Followers } from "./feed-transport.ts"
import { LAPSE_MS } from "./lease.ts"
import { createManualClock, type ManualClock } from "./testing/manual-clock.ts"

let clock: ManualClock
let listed: Map<string, { acknowledged: number; renewals: number }>
let dropped: Followers[]
beforeEach(() => {
  vi.useFakeTimers()
  clock = createManualClock()
  listed = new Map()
  dropped = []
})
afterEach(() => {
  vi.useRealTimers()
})

const open = (followers = async (): Promise<Followers> => new Map(listed)) =>
  createAcknowledgements({
    transport: {
      followers,
      drop: async (lapsed) => {
        dropped.push(new Map(lapsed))
      },
    },
    clock,
  })

const at = (acknowledged: number, renewals = 1) => ({ acknowledged, renewals })

/** Whether a promise has settled, and how; asked at any time. */
function watched(promise: Promise<void>) {
  const seen = { state: "waits" }
  promise.then(
    () => Object.assign(seen, { state: "done" }),
    () => Object.assign(seen, { state: "failed" }),
  )
  return seen
}

async function pass(ms: number) {
  for (let step = 0; step < ms; step++) {
    clock.advance(1)
    await vi.advanceTimersByTimeAsync(1)
  }
}

test("nobody to wait for, or all are there already: done at once", async () => {
  const acknowledgements = open()
  await acknowledgements.wait(5, new Map())
  await acknowledgements.wait(5, new Map([["a", at(5)]]))
  expect(acknowledgements.pending()).toBe(0)
})

test("S46 it waits for each, and only as long as the last one takes", async () => {
  const acknowledgements = open()
  listed = new Map(["a", "b"].map((id) => [id, at(4)]))
  const wait = watched(acknowledgements.wait(5, new Map(listed)))
  acknowledgements.note("a", 5)
  acknowledgements.note("b", 4)
  acknowledgements.note("stranger", 9)
  await pass(1)
  expect([wait.state, acknowledgements.pending()]).toEqual(["waits", 1])
  acknowledgements.note("b", 6)
  await pass(1)
  expect([wait.state, acknowledgements.pending()]).toEqual(["done", 0])
  expect(dropped).toEqual([])
})

test("an acknowledgement of which the push was lost is found by looking", async () => {
  const acknowledgements = open()
  listed.set("a", at(4))
  const wait = watched(acknowledgements.wait(5, new Map(listed)))
  listed.set("a", at(5, 2))
  await pass(30)
  expect(wait.state).toBe("done")
})

test("S52 of one that is silent, the lease is waited for, and then it is struck out as it was known", async () => {
  const acknowledgements = open()
  listed = new Map([
    ["a", at(4)],
    ["silent", at(4, 17)],
  ])
  const wait = watched(acknowledgements.wait(5, new Map(listed)))
  acknowledgements.note("a", 5)
  await pass(LAPSE_MS - 2)
  expect(wait.state).toBe("waits")
  await pass(3)
  expect(wait.state).toBe("done")
  expect(dropped).toEqual([new Map([["silent", at(4, 17)]])])
})

test("S50 one that is gone from the list is waited for all the same: the list may have been lost, and not its lease", async () => {
  const acknowledgements = open()
  const wait = watched(acknowledgements.wait(5, new Map([["a", at(4)]])))
  await pass(LAPSE_MS - 2)
  expect(wait.state).toBe("waits")
  await pass(3)
  expect(wait.state).toBe("done")
})

test("S52 where it cannot be looked who has acknowledged, nothing is known", async () => {
  const acknowledgements = open(async () => {
    throw new StoreUnavailableError(new Error("away"))
  })
  const wait = watched(acknowledgements.wait(5, new Map([["a", at(4)]])))
  await pass(30)
  expect([wait.state, acknowledgements.pending()]).toEqual(["failed", 0])
})

test("that a silent one cannot be struck out is no failure", async () => {
  const acknowledgements = createAcknowledgements({
    transport: {
      followers: async () => new Map([["a", at(4)]]),
      drop: async () => {
        throw new StoreUnavailableError(new Error("away"))
      },
    },
    clock,
  })
  const wait = watched(acknowledgements.wait(5, new Map([["a", at(4)]])))
  await pass(LAPSE_MS + 2)
  expect(wait.state).toBe("done")
})
