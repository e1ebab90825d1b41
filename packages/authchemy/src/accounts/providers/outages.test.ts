import { createServer } from "node:http"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import { onEachDatabase } from "../../database/testing.ts"
import { ProviderUnavailableError } from "../built-in.ts"
import { ADA, bending, CALLBACK, type Journey, openJourney } from "./journey-testing.ts"
import { openProviderUnderTest, type ProviderUnderTest } from "./testing.ts"

let acme: ProviderUnderTest
let journey: Journey

beforeAll(async () => {
  acme = await openProviderUnderTest({ redirectUri: CALLBACK })
})
afterAll(() => acme.close())

const untrusted = { ok: false, message: expect.stringMatching(/^The answer of Acme cannot be trusted/) }

onEachDatabase((database) => {
  beforeEach(async () => {
    journey = await openJourney(database, acme)
  })
  afterEach(() => journey.under.close())
  const nothingHappened = async () => {
    expect(journey.made).toEqual([])
    expect(await journey.under.database.selectFrom("provider_identity").selectAll().execute()).toEqual([])
    expect(journey.under.events.filter(({ type }) => type !== "sign_in.failed")).toEqual([])
  }

  test("down: the error has its name, the log the reason; the next try asks again", async () => {
    let down = true
    journey.open({
      fetch: async (input, init) => {
        if (down) throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") })
        return fetch(input, init)
      },
    })
    const begin = () => journey.providers.begin("acme", { returnTo: "/", browser: null })
    await expect(begin()).rejects.toMatchObject({ code: "provider_unavailable", provider: "Acme" })
    expect(journey.under.log.join()).toContain("ECONNREFUSED")
    down = false
    expect(await begin()).not.toBeNull()
  })

  test("down after it was asked once", async () => {
    let down = false
    journey.open({
      fetch: async (input, init) => {
        if (down) throw new TypeError("fetch failed")
        return fetch(input, init)
      },
    })
    const answered = journey.signIn(ADA, {
      home: () => {
        down = true
      },
    })
    await expect(answered).rejects.toBeInstanceOf(ProviderUnavailableError)
    await nothingHappened()
  })

  test("silent: it is given up in time", async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
    const address = silent.address()
    if (address === null || typeof address === "string") throw new Error("no port")
    journey.open({ settings: { issuer: `http://127.0.0.1:${address.port}` }, requestSeconds: 0.2 })
    const began = performance.now()
    await expect(journey.providers.begin("acme", { returnTo: "/", browser: null })).rejects.toBeInstanceOf(
      ProviderUnavailableError,
    )
    expect(performance.now() - began).toBeLessThan(5_000)
    silent.closeAllConnections()
    silent.close()
  })

  test("that answers with other JSON: metadata is none, and nobody is signed in by the rest", async () => {
    const nonsense = () => Response.json([1])
    journey.open({ fetch: bending(/openid-configuration$/, nonsense) })
    await expect(journey.signIn()).rejects.toBeInstanceOf(ProviderUnavailableError)
    for (const path of [/\/token$/, /\/me$/]) {
      journey.open({ fetch: bending(path, nonsense) })
      expect((await journey.signIn()).outcome).toMatchObject(untrusted)
    }
    await nothingHappened()
  })

  test.each<[string, () => Response]>([
    ["an error", () => new Response("no", { status: 500 })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://evil.example" } })],
    ["no JSON", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["too much", () => Response.json({ issuer: "x".repeat(300_000) })],
    [
      "no end",
      () => new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536)) })),
    ],
  ])("that answers with %s", async (_what, answer) => {
    for (const path of [/openid-configuration$/, /\/token$/, /\/me$/]) {
      journey.open({ fetch: bending(path, answer) })
      await expect(journey.signIn()).rejects.toBeInstanceOf(ProviderUnavailableError)
    }
    await nothingHappened()
  })
})
