import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { describeRateLimits } from "./contract.ts"
import { createMemoryRateLimits } from "./memory.ts"

beforeAll(() => {
  vi.useFakeTimers()
})
afterAll(() => {
  vi.useRealTimers()
})

describeRateLimits("memory", async () => ({
  limits: createMemoryRateLimits(),
  pass: async (ms) => {
    vi.advanceTimersByTime(ms)
  },
}))

test("the wait ends at its millisecond, and is a second until then", async () => {
  const limiter = createMemoryRateLimits().open({ name: "one", points: 1, durationSeconds: 600 })
  await limiter.admit("ada")
  vi.advanceTimersByTime(599_999)
  expect(await limiter.admit("ada")).toEqual({ admitted: false, retryAfterSeconds: 1 })
  vi.advanceTimersByTime(1)
  expect(await limiter.admit("ada")).toMatchObject({ admitted: true })
})

test("two processes count each on their own", async () => {
  const options = { name: "one", points: 1, durationSeconds: 600 }
  await createMemoryRateLimits().open(options).admit("ada")
  expect(await createMemoryRateLimits().open(options).admit("ada")).toMatchObject({ admitted: true })
})
