import { expect, test } from "vitest"
import { age } from "./age.ts"

const NOW = Date.parse("2026-11-23T22:05:00.000Z")

test.each([
  [1, "1 second ago"],
  [2, "2 seconds ago"],
  [59.999, "59 seconds ago"],
  [60, "1 minute ago"],
  [119.999, "1 minute ago"],
  [120, "2 minutes ago"],
  [599, "9 minutes ago"],
  [600, "10 minutes ago"],
  [0, "just now"],
  [0.999, "just now"],
  [-0.001, "just now"],
  [-90, "just now"],
])("what was %d seconds ago was %s, never negative", (seconds, words) => {
  const at = NOW - seconds * 1000
  expect(String(age(at, NOW))).toBe(`<time datetime="${new Date(at).toISOString()}">${words}</time>`)
})
