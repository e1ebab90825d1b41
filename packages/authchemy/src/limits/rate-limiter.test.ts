import { StoreUnavailableError } from "@authchemy/tokens"
import { expect, test } from "vitest"
import { createMemoryRateLimits } from "./memory.ts"
import { admitByAll, type RateLimiter } from "./rate-limiter.ts"

const { open } = createMemoryRateLimits()
let names = 0
const limiterOf = (points: number) => open({ name: `${++names}`, points, durationSeconds: 60 })
const left = async (limiter: RateLimiter) => {
  const admissions = await Promise.all(Array.from({ length: 10 }, () => limiter.admit("ada")))
  return admissions.filter((one) => one.admitted).length
}

test("an attempt counts by every key, and is given back to every one", async () => {
  const [narrow, wide] = [limiterOf(2), limiterOf(5)]
  const attempt = () =>
    admitByAll([
      { limiter: narrow, key: "ada" },
      { limiter: wide, key: "ada" },
    ])
  const admission = await attempt()
  if (!admission.admitted) throw new Error("the attempt was refused")
  await admission.giveBack()
  await attempt()
  expect([await left(narrow), await left(wide)]).toEqual([1, 4])
})

test("one that is refused by one key counts by none", async () => {
  const [wide, narrow] = [limiterOf(5), limiterOf(1)]
  await narrow.admit("ada")
  const refusal = await admitByAll([
    { limiter: wide, key: "ada" },
    { limiter: narrow, key: "ada" },
  ])
  expect(refusal).toEqual({ admitted: false, retryAfterSeconds: 60 })
  expect(await left(wide)).toBe(5)
})

test("where one key cannot tell, nothing is admitted and it counts by none", async () => {
  const fault = new StoreUnavailableError(new Error("silent"))
  const wide = limiterOf(5)
  const attempt = admitByAll([
    { limiter: wide, key: "ada" },
    { limiter: { admit: () => Promise.reject(fault) }, key: "ada" },
  ])
  await expect(attempt).rejects.toBe(fault)
  expect(await left(wide)).toBe(5)
})
