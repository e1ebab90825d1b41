import { EventEmitter } from "node:events"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { CountChange, Counted } from "../limits/shared-counts.ts"
import { createCounting } from "./counting.ts"
import { type FromWorker, messageFromWorker } from "./messages.ts"

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const CHANGE: CountChange = { name: "one", points: 3, durationSeconds: 60, key: "k".repeat(43), by: 1 }
const ADMITTED: Counted = { admitted: true, msBeforeNext: 60_000 }
const REFUSED: Counted = { admitted: false, msBeforeNext: 30_000 }

/** A worker whose primary the test plays. */
function openCounting() {
  const events = new EventEmitter()
  const said: FromWorker[] = []
  let connected = true
  let sendError: Error | null = null
  const count = createCounting({
    send: (message, sent) => {
      said.push(message)
      sent(sendError)
    },
    on: (event, listener) => events.on(event, listener),
    isConnected: () => connected,
  })
  return {
    count,
    said,
    hears: (message: unknown) => events.emit("message", message),
    losesPrimary: () => {
      connected = false
      events.emit("disconnect")
    },
    breaksSending: (error: Error) => {
      sendError = error
    },
  }
}

test("each is told what became of its own, in whatever order the answers come", async () => {
  const { count, said, hears } = openCounting()
  const [first, second] = [count(CHANGE), count({ ...CHANGE, by: -1 })]
  expect(said).toEqual([
    { type: "count", id: 1, change: CHANGE },
    { type: "count", id: 2, change: { ...CHANGE, by: -1 } },
  ])
  expect(said.map(messageFromWorker)).toEqual(said)
  hears({ type: "counted", id: 3, counted: ADMITTED })
  hears({ some: "thing else" })
  hears({ type: "counted", id: 2, counted: ADMITTED })
  hears({ type: "counted", id: 1, counted: REFUSED })
  expect(await first).toEqual(REFUSED)
  expect(await second).toEqual(ADMITTED)
})

test("what is not answered in 500 ms is an error, and a late answer nobody's", async () => {
  const { count, hears } = openCounting()
  const settled = vi.fn()
  const asked = count(CHANGE).catch(settled)
  await vi.advanceTimersByTimeAsync(499)
  expect(settled).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(2)
  await asked
  expect(settled).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ message: expect.stringContaining("no answer") }),
  )
  hears({ type: "counted", id: 1, counted: ADMITTED })
  const next = count(CHANGE)
  hears({ type: "counted", id: 2, counted: REFUSED })
  expect(await next).toEqual(REFUSED)
})

test("without its primary, or where nothing can be sent, nothing is counted", async () => {
  const { count, said, losesPrimary, breaksSending } = openCounting()
  breaksSending(new Error("broken pipe"))
  await expect(count(CHANGE)).rejects.toThrow("broken pipe")
  const other = openCounting()
  const asked = other.count(CHANGE)
  other.losesPrimary()
  await expect(asked).rejects.toThrow("gone")
  losesPrimary()
  await expect(count(CHANGE)).rejects.toThrow("gone")
  expect(said).toHaveLength(1)
})
