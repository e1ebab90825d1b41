import fc from "fast-check"
import { expect, test } from "vitest"
import { createHeldSessions, type HeldSession } from "./held-sessions.ts"

/** All that is told apart here is when it was read. */
const held = (readAt: number) => ({ readAt }) as HeldSession

test("what was put in is found, the last one of two, and what was deleted is not", () => {
  const sessions = createHeldSessions(10)
  sessions.set("a", held(1))
  sessions.set("b", held(2))
  sessions.set("a", held(3))
  expect([sessions.get("a")?.readAt, sessions.get("b")?.readAt, sessions.size()]).toEqual([3, 2, 2])
  sessions.delete("a")
  expect([sessions.get("a"), sessions.size()]).toEqual([undefined, 1])
  sessions.clear()
  expect([sessions.get("b"), sessions.size()]).toEqual([undefined, 0])
})

test("never more than so many are held, and those that are asked for stay", () => {
  const sessions = createHeldSessions(100)
  sessions.set("asked for", held(0))
  for (let index = 0; index < 1_000; index++) {
    sessions.set(`session ${index}`, held(index))
    expect(sessions.get("asked for")).toBeDefined()
    expect(sessions.size()).toBeLessThanOrEqual(100)
  }
  expect(sessions.get("session 999")).toBeDefined()
  expect(sessions.get("session 0")).toBeUndefined()
})

test("all of a kind are deleted, wherever they are", () => {
  const sessions = createHeldSessions(8)
  for (let index = 0; index < 8; index++) sessions.set(`session ${index}`, held(index))
  sessions.deleteWhere(({ readAt }) => readAt % 2 === 0)
  const left = Array.from({ length: 8 }, (_, index) => sessions.get(`session ${index}`)?.readAt)
  expect(left.filter((readAt) => readAt !== undefined)).toEqual([1, 3, 5, 7])
})

test("S46 whatever is done, it answers as a plain map does, or not at all", () => {
  const digest = fc.constantFrom("a", "b", "c", "d", "e", "f")
  const step = fc.oneof(
    fc.tuple(fc.constant("set" as const), digest),
    fc.tuple(fc.constant("get" as const), digest),
    fc.tuple(fc.constant("delete" as const), digest),
    fc.tuple(fc.constant("clear" as const), digest),
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 60 }), (most, steps) => {
      const sessions = createHeldSessions(most)
      const model = new Map<string, HeldSession>()
      for (const [index, [kind, name]] of steps.entries()) {
        if (kind === "set") {
          sessions.set(name, held(index))
          model.set(name, held(index))
        } else if (kind === "delete") {
          sessions.delete(name)
          model.delete(name)
        } else if (kind === "clear") {
          sessions.clear()
          model.clear()
        }
        const found = sessions.get(name)
        if (found !== undefined) expect(found).toEqual(model.get(name))
        expect(sessions.size()).toBeLessThanOrEqual(Math.max(2, most))
      }
    }),
    { numRuns: 500 },
  )
})
