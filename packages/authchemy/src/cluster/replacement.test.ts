import { expect, test } from "vitest"
import { endOf, replacementPauseMs } from "./replacement.ts"

test("the first death is made good at once, quick ones with growing pauses", () => {
  expect([0, 1, 2, 3, 4, 5, 8, 9, 100].map(replacementPauseMs)).toEqual([
    0, 0, 500, 1000, 2000, 4000, 30_000, 30_000, 30_000,
  ])
})

test("an end in words", () => {
  expect(endOf({ code: 1, signal: null })).toBe("with code 1")
  expect(endOf({ code: null, signal: "SIGKILL" })).toBe("by SIGKILL")
})
