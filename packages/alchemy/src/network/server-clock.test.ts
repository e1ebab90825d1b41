import { expect, test } from "vitest"
import { skewOf, skewWarning, withServerClock } from "./server-clock.ts"

const NOW = Date.parse("2026-11-28T12:00:00.400Z")
const MINUTE = 60_000

const dated = (time: number, more: Record<string, string> = {}) =>
  new Headers({ date: new Date(time).toUTCString(), ...more })

test.each<[string, number, number, number]>([
  ["the same time", 0, 0, 0],
  ["a minute is tolerated", MINUTE, 0, 0],
  ["a minute behind is tolerated", -MINUTE, 0, 0],
  ["seven minutes ahead", 7 * MINUTE, 0, 7 * MINUTE],
  ["seven minutes behind", -7 * MINUTE, 0, -7 * MINUTE],
  ["an answer that took 20 s, about 7 minutes ahead", 7 * MINUTE, 20_000, 7 * MINUTE - 10_000],
  ["70 s ahead is no difference where the answer took 20 s", 70_000, 20_000, 0],
])("%s", (_, ahead, took, expected) => {
  const skew = skewOf(dated(NOW + ahead), NOW, NOW + took)
  // `Date` has whole seconds: half a second is not known.
  expect(Math.abs((skew ?? Number.NaN) - expected)).toBeLessThanOrEqual(expected === 0 ? 0 : 500)
})

test.each<[string, Headers, number]>([
  ["no Date", new Headers(), 0],
  ["a Date that is none", new Headers({ date: "yesterday GMT" }), 0],
  ["a number for a Date", new Headers({ date: "0" }), 0],
  ["an answer out of a cache", dated(NOW - 9 * MINUTE, { age: "540" }), 0],
  ["a clock that was set back meanwhile", dated(NOW), -9 * MINUTE],
])("%s tells nothing", (_, headers, took) => {
  expect(skewOf(headers, NOW, NOW + took)).toBeUndefined()
})

function clock(
  ahead: () => number | undefined,
  options: Partial<Parameters<typeof withServerClock>[1]> = {},
) {
  const told: number[] = []
  const server = withServerClock(
    async () => {
      const skew = ahead()
      return new Response(null, { headers: skew === undefined ? {} : dated(NOW + skew) })
    },
    { now: () => NOW, onSkew: (skew) => told.push(skew), ...options },
  )
  return { server, told }
}

test("the server's time is told by the last answer, and a difference is said once", async () => {
  const answers = [undefined, 0, 7 * MINUTE, 8 * MINUTE, undefined, 0]
  let next = 0
  const { server, told } = clock(() => answers[next++])
  const known: (number | undefined)[] = [server.skewMs()]
  const times = [server.now() - NOW]
  for (const _ of answers) {
    await server.fetch("https://auth.test/")
    known.push(server.skewMs() === undefined ? undefined : Math.round((server.skewMs() ?? 0) / MINUTE))
    times.push(Math.round((server.now() - NOW) / MINUTE))
  }
  expect(known).toEqual([undefined, undefined, 0, 7, 8, 8, 0])
  expect(times).toEqual([0, 0, 0, 7, 8, 8, 0])
  expect(told.map((skew) => Math.round(skew / MINUTE))).toEqual([7])
})

test("another server's clock does not count", async () => {
  const { server, told } = clock(() => 7 * MINUTE, { isOurs: (url) => url.host === "auth.test" })
  await server.fetch("https://other.test/")
  expect([server.skewMs(), told]).toEqual([undefined, []])
  await server.fetch(new URL("https://auth.test/x"))
  expect(told).toHaveLength(1)
})

test("what an earlier command learned holds until an answer says otherwise", async () => {
  const { server, told } = clock(() => 0)
  server.know(-3_600_000)
  expect(server.now()).toBe(NOW - 3_600_000)
  await server.fetch("https://auth.test/")
  expect([server.now(), told]).toEqual([NOW, []])
  server.know(-3_600_000)
  expect(server.now()).toBe(NOW)
})

test.each([
  [7 * MINUTE, "7 minutes behind the server's"],
  [-7 * MINUTE, "7 minutes ahead of the server's"],
  [61_000, "1 minute behind the server's"],
  [3 * 3_600_000 + 5_000, "3 hours behind the server's"],
  [-400 * 86_400_000, "400 days ahead of the server's"],
])("%i ms: %s", (skew, said) => {
  expect(skewWarning(skew)).toContain(`This machine's clock is ${said}.`)
})
