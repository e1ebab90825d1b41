import { expect, test } from "vitest"
import { createPasswordHashing, createTurns } from "./password-hashing.ts"

test("a hash is salted, and proves its password and no other", async () => {
  const { hash, verify } = createPasswordHashing()
  const kept = await hash("correct horse battery")
  expect(await hash("correct horse battery")).not.toBe(kept)
  expect(kept).not.toContain("correct")
  expect(await verify({ hash: kept, password: "correct horse battery" })).toBe(true)
  expect(await verify({ hash: kept, password: "correct horse batterx" })).toBe(false)
})

test("no more are worked on at once than are allowed, in order, and a failure makes room for the next", async () => {
  const inTurn = createTurns(2)
  const ends: (() => void)[] = []
  const begun: number[] = []
  const all = Array.from({ length: 5 }, (_, index) =>
    inTurn(async () => {
      begun.push(index)
      await new Promise<void>((resolve) => ends.push(resolve))
      if (index === 1) throw new Error("failed")
      return index
    }),
  )
  const outcomes = Promise.allSettled(all)
  for (const [index, expected] of [
    [0, 1],
    [0, 1, 2],
    [0, 1, 2, 3],
    [0, 1, 2, 3, 4],
  ].entries()) {
    await new Promise((resolve) => setImmediate(resolve))
    expect(begun).toEqual(expected)
    ends[index]?.()
  }
  ends[4]?.()
  const seen = (await outcomes).map((one) => (one.status === "fulfilled" ? one.value : "failed"))
  expect(seen).toEqual([0, "failed", 2, 3, 4])
})
