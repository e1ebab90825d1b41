import { StoreUnavailableError } from "@authchemy/tokens"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { describeRateLimits } from "./contract.ts"
import { type CountChange, createRateLimitsElsewhere, createSharedCounts } from "./shared-counts.ts"

beforeAll(() => {
  vi.useFakeTimers()
})
afterAll(() => {
  vi.useRealTimers()
})
const failing = (error: Error) => {
  throw error
}

describeRateLimits("kept by another process", async () => ({
  limits: createRateLimitsElsewhere(createSharedCounts(), failing),
  pass: async (ms) => {
    vi.advanceTimersByTime(ms)
  },
}))

test("S38 whoever shares the counts counts together", async () => {
  const counts = createSharedCounts()
  const limiters = Array.from({ length: 3 }, () =>
    createRateLimitsElsewhere(counts, failing).open({ name: "one", points: 10, durationSeconds: 60 }),
  )
  const admissions = await Promise.all(
    limiters.flatMap((limiter) => Array.from({ length: 100 }, () => limiter.admit("ada"))),
  )
  expect(admissions.filter((one) => one.admitted)).toHaveLength(10)
})

test("where the counts cannot be reached nothing is admitted, and giving back is tried and told", async () => {
  const counts = createSharedCounts()
  const broken = new Error("the channel is broken")
  let isBroken = false
  const troubles: Error[] = []
  const limits = createRateLimitsElsewhere(
    (change) => (isBroken ? Promise.reject(broken) : counts(change)),
    (error) => troubles.push(error),
  )
  const limiter = limits.open({ name: "one", points: 10, durationSeconds: 60 })
  const admission = await limiter.admit("ada")
  if (!admission.admitted) throw new Error("the attempt was refused")
  isBroken = true
  await admission.giveBack()
  expect(troubles).toEqual([broken])
  await expect(limiter.admit("ada")).rejects.toThrow(StoreUnavailableError)
})

test("S45 no key is told in clear", async () => {
  const told: CountChange[] = []
  const counts = createSharedCounts()
  const limits = createRateLimitsElsewhere((change) => {
    told.push(change)
    return counts(change)
  }, failing)
  const admission = await limits
    .open({ name: "one", points: 1, durationSeconds: 60 })
    .admit("ada@example.com")
  if (admission.admitted) await admission.giveBack()
  const change = { name: "one", points: 1, durationSeconds: 60, key: expect.stringMatching(/^[\w-]{43}$/) }
  expect(told).toEqual([
    { ...change, by: 1 },
    { ...change, by: -1 },
  ])
})
