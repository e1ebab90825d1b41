import { Hono } from "hono"
import { expect, test } from "vitest"
import type { AppEnv } from "../middleware/request-log.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { admitAddress } from "./request-limit.ts"

/** What comes of a request from `192.0.2.1`: what was thrown, and the addresses that were counted. */
async function outcomeOf(admission: { admitted: true } | { admitted: false; retryAfterSeconds: number }) {
  const counted: string[] = []
  let thrown: Error | null = null
  const app = new Hono<AppEnv>()
  app.onError((error, c) => {
    thrown = error
    return c.text("")
  })
  app.get("/", async (c) => {
    await admitAddress(c, {
      clientAddress: () => "192.0.2.1",
      requestLimits: {
        admitRequest: async (address) => {
          counted.push(address)
          return admission.admitted ? { admitted: true, giveBack: async () => {} } : admission
        },
      },
    })
    return c.text("")
  })
  await app.request("/")
  return { counted, thrown: thrown as Error | null }
}

test("a request is counted by its address", async () => {
  expect(await outcomeOf({ admitted: true })).toEqual({ counted: ["192.0.2.1"], thrown: null })
})

test.each([
  [1, "a minute"],
  [601, "11 minutes"],
])("one too many is told when to try again: after %i seconds, in %s", async (retryAfterSeconds, words) => {
  const { thrown } = await outcomeOf({ admitted: false, retryAfterSeconds })
  expect(thrown).toBeInstanceOf(RequestRefused)
  expect(thrown).toMatchObject({
    ...{ status: 429, code: "rate_limited", headers: { "Retry-After": String(retryAfterSeconds) } },
    message: `Too many requests came from this address. Try again in ${words}.`,
  })
})
