import { randomBytes } from "node:crypto"
import { expect, test } from "vitest"
import { createEventIds } from "./event-id.ts"

const START = Date.UTC(2026, 10, 23, 22, 5)

test("ids are in time's order, a thousand in one millisecond too, and tell their moment", () => {
  let time = START
  const next = createEventIds(() => time, randomBytes)
  const made = Array.from({ length: 3_000 }, (_, index) => {
    if (index % 1_000 === 0) time += 1
    return next()
  })
  const ids = made.map(({ id }) => id)
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(ids).size).toBe(3_000)
  expect(made[0]?.at).toBe("2026-11-23T22:05:00.001Z")
  expect(made[2_999]?.at).toBe("2026-11-23T22:05:00.003Z")
})

test("the largest random part leaves room to count", () => {
  const next = createEventIds(
    () => START,
    (size) => new Uint8Array(size).fill(0xff),
  )
  const [first, second] = [next().id, next().id]
  expect(second > first).toBe(true)
  expect(second).toHaveLength(first.length)
})

test("a clock that is set back a little changes nothing; one that was far ahead is believed again", () => {
  let time = START
  const next = createEventIds(() => time, randomBytes)
  const first = next()
  time -= 1_000
  const second = next()
  expect(second.id > first.id).toBe(true)
  expect(second.at).toBe(first.at)
  time -= 60_000
  expect(next().at).toBe(new Date(time).toISOString())
})

test("two processes make different ids in one millisecond", () => {
  const [one, other] = [createEventIds(() => START, randomBytes), createEventIds(() => START, randomBytes)]
  expect(one().id).not.toBe(other().id)
})
