import { beforeEach, expect, test } from "vitest"
import { createRemembered, type Forgetting } from "./remembered.ts"

let current: boolean
let clock: number
let forget: (item: string | null) => void
const forgetting: Forgetting = {
  isCurrent: () => current,
  onForgotten: (listener) => {
    forget = listener
    return () => {}
  },
  announce: async () => {},
}
const open = (capacity = 10) =>
  createRemembered<string>({ forgetting, kind: "thing", capacity, monotonicNow: () => clock })

beforeEach(() => {
  current = true
  clock = 1_000
})

test("what was read is held for five seconds", async () => {
  const remembered = open()
  expect(remembered.held("a")).toBeUndefined()
  expect(await remembered.read("a", async () => "A")).toBe("A")
  clock += 4_999
  expect(remembered.held("a")).toBe("A")
  clock += 1
  expect(remembered.held("a")).toBeUndefined()
})

test("what is not there is not remembered", async () => {
  const remembered = open()
  expect(await remembered.read("a", async () => null)).toBeNull()
  expect(remembered.held("a")).toBeUndefined()
})

test("what is forgotten is not held: one, everything, and nothing of another kind", async () => {
  const remembered = open()
  for (const id of ["a", "b"]) await remembered.read(id, async () => id)
  forget("other:a")
  forget("thing:a")
  expect([remembered.held("a"), remembered.held("b")]).toEqual([undefined, "b"])
  forget(null)
  expect(remembered.held("b")).toBeUndefined()
})

test("while memory may not be trusted nothing is held, nor kept", async () => {
  const remembered = open()
  await remembered.read("a", async () => "A")
  current = false
  expect(remembered.held("a")).toBeUndefined()
  await remembered.read("b", async () => "B")
  current = true
  expect([remembered.held("a"), remembered.held("b")]).toEqual(["A", undefined])
})

test("a read that began while memory could not be trusted is not kept", async () => {
  const remembered = open()
  current = false
  const found = Promise.withResolvers<string>()
  const reading = remembered.read("a", () => found.promise)
  current = true
  found.resolve("A")
  await reading
  expect(remembered.held("a")).toBeUndefined()
})

test.each([["thing:a"], [null]])(
  "a read that is under way while %s is forgotten is not kept",
  async (item) => {
    const remembered = open()
    const found = Promise.withResolvers<string>()
    const reading = remembered.read("a", () => found.promise)
    forget(item)
    found.resolve("before the change")
    expect(await reading).toBe("before the change")
    expect(remembered.held("a")).toBeUndefined()
  },
)

test("of more than there is room for, the ones that were read first go", async () => {
  const remembered = open(2)
  for (const id of ["a", "b", "a", "c"]) await remembered.read(id, async () => id)
  expect(["a", "b", "c"].map(remembered.held)).toEqual(["a", undefined, "c"])
})
