import { expect, onTestFinished, test } from "vitest"
import { createMigratedDatabase, onPostgres, postgresEnv } from "../database/testing.ts"
import { checkClock, observeClocks } from "./clock.ts"
import { answering, configOf, openWebServer } from "./testing.ts"

const NOW = Date.UTC(2026, 10, 23, 22, 5)
const now = () => NOW
const httpDate = (ms: number) => new Date(ms).toUTCString()

/** What is observed of an answer with these headers, by the name of a host of somebody else's. */
async function observed(headers: Record<string, string>, host = "auth.example.com") {
  const server = await openWebServer((request, response) => {
    response.sendDate = false
    answering({}, { headers })(request, response)
  })
  onTestFinished(server.close)
  const there: typeof fetch = () => fetch(server.url)
  const clocks = observeClocks(there, now)
  expect((await clocks.send(`https://${host}/x`)).status).toBe(200)
  return clocks.differences()
}

test("the time of an answer is noted by its host, half a second into its second", async () => {
  expect(await observed({ date: httpDate(NOW - 120_000) })).toEqual([
    { whose: "auth.example.com", ms: 119_500 },
  ])
})

test("an answer out of a cache is as old as it says", async () => {
  const [difference] = await observed({ date: httpDate(NOW - 120_000), age: "120" })
  expect(difference?.ms).toBe(-500)
})

test("an answer without a date, or of this machine's own, says nothing", async () => {
  expect(await observed({})).toEqual([])
  expect(await observed({ date: "yesterday" })).toEqual([])
  expect(await observed({ date: httpDate(0) }, "localhost")).toEqual([])
})

test("the clock that is furthest away counts", async () => {
  const near = { whose: "near.example", ms: -400 }
  expect(await checkClock(configOf(), [near, { whose: "edge.example", ms: 5_000 }], now)).toEqual({
    state: "ok",
    message: "this machine's agrees with that of near.example, edge.example",
  })
  expect(await checkClock(configOf(), [near, { whose: "far.example", ms: 119_500 }], now)).toMatchObject({
    state: "wrong",
    message: "this machine's is 120 seconds ahead of that of far.example",
  })
  expect(await checkClock(configOf(), [{ whose: "far.example", ms: -5_001 }], now)).toMatchObject({
    state: "wrong",
    message: "this machine's is 5 seconds behind that of far.example",
  })
})

test("with nobody to compare with, a server for others deserves a look, and one for this machine none", async () => {
  expect((await checkClock(configOf(), [], now)).state).toBe("ok")
  const config = configOf({ AUTHCHEMY_URL: "https://auth.example.com" })
  expect((await checkClock(config, [], now)).state).toBe("warning")
})

test("a PostgreSQL that is out of reach is another check's to tell", async () => {
  const config = configOf(postgresEnv("postgres://127.0.0.1:1/none"))
  expect((await checkClock(config, [{ whose: "near.example", ms: 0 }], now)).message).toBe(
    "this machine's agrees with that of near.example",
  )
})

onPostgres(() => {
  test("PostgreSQL's clock is asked", async () => {
    const config = configOf(postgresEnv(await createMigratedDatabase()))
    expect(await checkClock(config, [], Date.now)).toEqual({
      state: "ok",
      message: "this machine's agrees with that of PostgreSQL",
    })
    expect(await checkClock(config, [], () => Date.now() + 60_000)).toMatchObject({
      state: "wrong",
      message: "this machine's is 60 seconds ahead of that of PostgreSQL",
    })
  })
})
