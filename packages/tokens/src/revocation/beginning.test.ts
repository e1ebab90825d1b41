import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { createBeginning } from "./beginning.ts"
import { LAPSE_MS } from "./lease.ts"
import { createManualClock } from "./testing/manual-clock.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function open() {
  const clock = createManualClock()
  return { clock, beginning: createBeginning(clock) }
}

test("where nothing is ever lost, nothing is recent", async () => {
  const { beginning } = open()
  beginning.note({ began: undefined, epoch: "a" })
  expect(beginning.isRecent()).toBe(false)
  await beginning.isPast()
})

test("S50 it is recent for as long as a lease from before may last, counted from when it is known here", async () => {
  const { clock, beginning } = open()
  beginning.note({ began: 7, epoch: "a" })
  let isPast = false
  beginning.isPast().then(() => {
    isPast = true
  })
  clock.advance(LAPSE_MS - 1)
  await vi.advanceTimersByTimeAsync(LAPSE_MS - 1)
  beginning.note({ began: 7 })
  beginning.note({ began: 7, epoch: "a" })
  expect([beginning.isRecent(), isPast]).toEqual([true, false])
  clock.advance(1)
  await vi.advanceTimersByTimeAsync(1)
  expect([beginning.isRecent(), isPast]).toEqual([false, true])
})

test("S50 another number, or another epoch, is another beginning", () => {
  const { clock, beginning } = open()
  beginning.note({ began: 7, epoch: "a" })
  for (const told of [{ began: 9 }, { began: 9, epoch: "b" }]) {
    clock.advance(LAPSE_MS)
    expect(beginning.isRecent()).toBe(false)
    beginning.note(told)
    expect(beginning.isRecent()).toBe(true)
  }
})

test("the first epoch that is told of is none that has changed", () => {
  const { clock, beginning } = open()
  beginning.note({ began: 7 })
  clock.advance(LAPSE_MS)
  beginning.note({ began: 7, epoch: "a" })
  expect(beginning.isRecent()).toBe(false)
})

test("a process that was just started does not wait where the store says that the feed began long ago, and does at the next beginning", () => {
  const { beginning } = open()
  beginning.note({ began: 7, begunMsAgo: 10_001, epoch: "a" })
  expect(beginning.isRecent()).toBe(false)
  beginning.note({ began: 9, begunMsAgo: 20_000, epoch: "a" })
  expect(beginning.isRecent()).toBe(true)
  const other = open().beginning
  other.note({ began: 7, begunMsAgo: 10_000, epoch: "a" })
  expect(other.isRecent()).toBe(true)
})
