import { expect, test } from "vitest"
import { slotOf } from "./redis-slot.ts"

// The first is the check value of the specification; the others are what `CLUSTER KEYSLOT` of a real server says.
test.each([
  ["123456789", 0x31c3 % 16_384],
  ["foo", 12_182],
  ["{foo}bar", 12_182],
  ["a{foo}{bar}", 12_182],
  ["foo{}bar", 14_292],
  ["foo{{bar}}", 4_015],
  ["{foo", 13_308],
  ["grüße", 3_194],
])("%s", (key, slot) => {
  expect(slotOf(key)).toBe(slot)
})
