import { expect, test } from "vitest"
import { excludedPortRanges, rangeOf } from "./excluded-ports.ts"

const ENGLISH = `
Protocol tcp Port Exclusion Ranges

Start Port    End Port
----------    --------
      5357        5357
     16400       16499
     50000       50059     *

* - Administered port exclusions.
`

test("the ranges that Windows keeps", () => {
  expect(excludedPortRanges(ENGLISH)).toEqual([
    { first: 5357, last: 5357 },
    { first: 16_400, last: 16_499 },
    { first: 50_000, last: 50_059 },
  ])
})

test("in any language, with the line ends of Windows", () => {
  const german =
    "Portausschlussbereiche für das Protokoll tcp\r\n\r\nStartport      Endport\r\n     16424      16424\r\n"
  expect(excludedPortRanges(german)).toEqual([{ first: 16_424, last: 16_424 }])
})

test("what is no range is left out", () => {
  expect(excludedPortRanges("")).toEqual([])
  expect(excludedPortRanges("7 5\n1 70000\n1 2 3\n-1 2\n")).toEqual([])
})

test("the first and the last port belong to a range", () => {
  const ranges = [{ first: 10, last: 12 }]
  expect([9, 10, 12, 13].map((port) => rangeOf(port, ranges) !== undefined)).toEqual([
    false,
    true,
    true,
    false,
  ])
})
