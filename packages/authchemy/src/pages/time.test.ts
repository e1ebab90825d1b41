import { expect, test } from "vitest"
import { ago, utc, utcDay } from "./time.ts"

const AT = Date.parse("2026-09-03T22:05:09.123Z")
const time = (words: string) => `<time datetime="2026-09-03T22:05:09.123Z">${words}</time>`

test("a moment in UTC, for people and for machines, however it is given", () => {
  for (const moment of [AT, new Date(AT), "2026-09-03T22:05:09.123Z"]) {
    expect(String(utc(moment))).toBe(time("3 Sep 2026, 22:05 UTC"))
  }
  expect(String(utcDay(AT))).toBe(time("3 Sep 2026"))
  expect(String(ago(AT, AT + 180_000))).toBe(time("3 minutes ago"))
  expect(String(ago(AT, AT + 30 * 86_400_000))).toBe(time("3 Sep 2026, 22:05 UTC"))
})
