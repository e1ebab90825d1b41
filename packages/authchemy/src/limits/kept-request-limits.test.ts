import { expect, onTestFinished, test, vi } from "vitest"
import { createProgramRequestLimits, createSignInAttemptLimits } from "./kept-request-limits.ts"
import { createMemoryRateLimits } from "./memory.ts"

test.each([
  ["a program's requests", createProgramRequestLimits, 100],
  ["a browser's attempts to sign in", createSignInAttemptLimits, 300],
])("%s, from an address or an IPv6 network, in ten minutes", async (_what, createLimits, most) => {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const limits = createLimits(createMemoryRateLimits().open)
  const admitted = async (addressOf: (index: number) => string) => {
    const requests = Array.from({ length: 400 }, (_, index) => limits.admitRequest(addressOf(index)))
    return (await Promise.all(requests)).filter((one) => one.admitted).length
  }
  expect(await admitted(() => "192.0.2.1")).toBe(most)
  expect(await admitted(() => "192.0.2.2")).toBe(most)
  expect(await admitted((index) => `2001:db8::${index.toString(16)}`)).toBe(most)
  vi.advanceTimersByTime(599_000)
  expect(await limits.admitRequest("192.0.2.1")).toEqual({ admitted: false, retryAfterSeconds: 1 })
  vi.advanceTimersByTime(1_000)
  expect(await admitted(() => "192.0.2.1")).toBe(most)
})

test("programs and browsers at one address are counted apart", async () => {
  const { open } = createMemoryRateLimits()
  const [programs, browsers] = [createProgramRequestLimits(open), createSignInAttemptLimits(open)]
  for (let count = 0; count < 101; count++) await programs.admitRequest("192.0.2.1")
  expect(await programs.admitRequest("192.0.2.1")).toMatchObject({ admitted: false })
  expect(await browsers.admitRequest("192.0.2.1")).toMatchObject({ admitted: true })
})
