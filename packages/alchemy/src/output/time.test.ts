import { expect, test } from "vitest"
import { ago, day, moment, span } from "./time.ts"

const NOW = Date.parse("2026-11-24T12:00:00.000Z")

test.each([
  ["2026-11-25T13:00:00.000Z", "2026-11-25 13:00 UTC (in 1 day)"],
  ["2026-11-24T11:58:00.000Z", "2026-11-24 11:58 UTC (2 minutes ago)"],
  ["2026-11-24T12:00:00.000Z", "2026-11-24 12:00 UTC (now)"],
  ["2026-11-24T12:00:00.400Z", "2026-11-24 12:00 UTC (in less than a second)"],
  ["2026-11-24T11:59:59.600Z", "2026-11-24 11:59 UTC (less than a second ago)"],
  ["2026-11-24T13:00:00+01:00", "2026-11-24 12:00 UTC (now)"],
  ["+010000-01-01T00:00:00.000Z", "+010000-01-01 00:00 UTC (in 2912115 days)"],
  ["soon", "soon"],
  ["", ""],
  ["so\u001b[2Jon", "so [2Jon"],
])("%j is %j", (iso, shown) => {
  expect(moment(iso, NOW)).toBe(shown)
})

test.each([
  [-5000, "less than a second"],
  [0, "less than a second"],
  [999, "less than a second"],
  [1000, "1 second"],
  [59_999, "59 seconds"],
  [60_000, "1 minute"],
  [3_599_999, "59 minutes"],
  [7_200_000, "2 hours"],
  [86_400_000, "1 day"],
  [Number.NaN, "less than a second"],
])("%d ms is %j", (milliseconds, shown) => {
  expect(span(milliseconds)).toBe(shown)
})

test.each([
  ["2026-11-24T11:55:00.000Z", "5 minutes ago", "2026-11-24"],
  ["2026-11-24T12:00:00.000Z", "just now", "2026-11-24"],
  ["2026-11-24T12:00:01.000Z", "just now", "2026-11-24"],
  ["2026-11-01T00:30:00+01:00", "23 days ago", "2026-10-31"],
  ["so\u001b[2Jon", "so [2Jon", "so [2Jon"],
])("%j is %j, on the day %j", (iso, distance, date) => {
  expect(ago(iso, NOW)).toBe(distance)
  expect(day(iso)).toBe(date)
})
