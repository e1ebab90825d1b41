import { expect, test } from "vitest"
import { ago, utc, utcDay } from "./time.ts"

const AT = Date.parse("2026-09-03T22:05:09.123Z")

test("a moment in UTC, for people and for machines, however it is given", () => {
  const time = '<time datetime="2026-09-03T22:05:09.123Z">3 Sep 2026, 22:05 UTC</time>'
  for (const moment of [AT, new Date(AT), "2026-09-03T22:05:09.123Z"]) expect(String(utc(moment))).toBe(time)
  expect(String(utcDay(AT))).toBe('<time datetime="2026-09-03T22:05:09.123Z">3 Sep 2026</time>')
})

test.each([
  [-5_000, "just now"],
  [0, "just now"],
  [59_999, "just now"],
  [60_000, "1 minute ago"],
  [3_599_999, "59 minutes ago"],
  [3_600_000, "1 hour ago"],
  [86_399_999, "23 hours ago"],
  [86_400_000, "1 day ago"],
  [30 * 86_400_000 - 1, "29 days ago"],
  [30 * 86_400_000, "3 Sep 2026, 22:05 UTC"],
])("%i ms after it, a moment was %s", (age, text) => {
  expect(String(ago(AT, AT + age))).toBe(`<time datetime="2026-09-03T22:05:09.123Z">${text}</time>`)
})
