import { expect, test } from "vitest"
import { agoInWords, dayInWords, momentInWords, tryAgainIn } from "./times-in-words.ts"

const AT = new Date("2026-09-03T22:05:09.123Z")

test("a moment and its day, in UTC", () => {
  expect(momentInWords(AT)).toBe("3 Sep 2026, 22:05 UTC")
  expect(dayInWords(AT)).toBe("3 Sep 2026")
})

test.each([
  [-90_000, "just now"],
  [-1, "just now"],
  [0, "just now"],
  [999, "just now"],
  [1_000, "1 second ago"],
  [2_000, "2 seconds ago"],
  [59_999, "59 seconds ago"],
  [60_000, "1 minute ago"],
  [119_999, "1 minute ago"],
  [3_599_999, "59 minutes ago"],
  [3_600_000, "1 hour ago"],
  [86_399_999, "23 hours ago"],
  [86_400_000, "1 day ago"],
  [30 * 86_400_000 - 1, "29 days ago"],
  [30 * 86_400_000, "3 Sep 2026, 22:05 UTC"],
])("%i ms after it, a moment was %s", (age, words) => {
  expect(agoInWords(AT, AT.getTime() + age)).toBe(words)
})

test.each([
  [1, "a minute"],
  [60, "a minute"],
  [61, "2 minutes"],
  [120, "2 minutes"],
  [599, "10 minutes"],
])("what can be tried after %i seconds can be tried in %s", (seconds, words) => {
  expect(tryAgainIn(seconds)).toBe(`Try again in ${words}.`)
})
