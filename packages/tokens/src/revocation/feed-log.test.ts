import { expect, test } from "vitest"
import { createFeedLog, TOMBSTONE_MS } from "./feed-log.ts"
import { createManualClock } from "./testing/manual-clock.ts"

function openLog() {
  const clock = createManualClock()
  const forgotten: (string | null)[] = []
  const log = createFeedLog({ monotonic: clock.monotonic, forget: (item) => forgotten.push(item) })
  return { clock, forgotten, log }
}

const entry = (number: number, ...items: string[]) => ({ number, items })

test("before it begins, no entry is the next one", () => {
  const { log, forgotten } = openLog()
  expect(log.position()).toBeNull()
  expect(log.apply(entry(1, "a"))).toBe(false)
  expect(log.since(0)).toBeNull()
  expect(forgotten).toEqual([])
})

test("entries are taken in order, and each item is forgotten and stays known", () => {
  const { log, forgotten } = openLog()
  log.restart(7)
  expect(log.apply(entry(8, "a", "b"))).toBe(true)
  expect(log.apply(entry(9, "c"))).toBe(true)
  expect(log.position()).toBe(9)
  expect(forgotten).toEqual([null, "a", "b", "c"])
  expect(["a", "b", "c", "d"].map(log.has)).toEqual([true, true, true, false])
})

test("S52 after a gap nothing is taken, nor is anything that came before", () => {
  const { log, forgotten } = openLog()
  log.restart(7)
  expect(log.apply(entry(9, "a"))).toBe(false)
  expect(log.apply(entry(7, "b"))).toBe(false)
  expect(log.position()).toBe(7)
  expect(forgotten).toEqual([null])
  expect(log.has("a")).toBe(false)
})

test("a hint is forgotten at once and moves nothing on", () => {
  const { log, forgotten } = openLog()
  log.restart(7)
  log.hint(["a"])
  expect(forgotten).toEqual([null, "a"])
  expect([log.position(), log.has("a"), log.since(7)]).toEqual([7, true, []])
})

test("S50 to begin anew forgets everything, but not what was revoked", () => {
  const { log, forgotten } = openLog()
  log.restart(7)
  log.apply(entry(8, "a"))
  const generation = log.generation()
  log.restart(3)
  expect([log.position(), log.generation()]).toEqual([3, generation + 1])
  expect(forgotten).toEqual([null, "a", null])
  expect([log.has("a"), log.items()]).toEqual([true, ["a"]])
  expect(log.since(3)).toEqual([])
  expect(log.since(2)).toBeNull()
})

test("it tells what comes after a number, where it knows all of it", () => {
  const { log } = openLog()
  log.restart(7)
  for (const number of [8, 9, 10]) log.apply(entry(number, `item ${number}`))
  expect(log.since(10)).toEqual([])
  expect(log.since(8)).toEqual([entry(9, "item 9"), entry(10, "item 10")])
  expect(log.since(7)).toHaveLength(3)
  expect(log.since(6)).toBeNull()
  expect(log.since(11)).toBeNull()
})

test("what was revoked is known for ten minutes, from the last time that it was told", () => {
  const { clock, log } = openLog()
  log.restart(0)
  log.apply(entry(1, "a"))
  log.apply(entry(2, "b"))
  clock.advance(TOMBSTONE_MS - 1)
  log.hint(["a"])
  expect(log.items()).toEqual(["b", "a"])
  clock.advance(1)
  log.hint([])
  expect([log.has("a"), log.has("b")]).toEqual([true, false])
  expect(log.items()).toEqual(["a"])
  expect(log.since(2)).toEqual([])
  expect(log.since(1)).toBeNull()
})
