import { expect, onTestFinished, test, vi } from "vitest"
import { createDeviceRequestLimits } from "./device-request-limits.ts"
import { createMemoryRateLimits } from "./memory.ts"

test("an address, or an IPv6 network, makes 100 requests in ten minutes", async () => {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const limits = createDeviceRequestLimits(createMemoryRateLimits().open)
  const admitted = async (addressOf: (index: number) => string) => {
    const requests = Array.from({ length: 200 }, (_, index) => limits.admitRequest(addressOf(index)))
    return (await Promise.all(requests)).filter((one) => one.admitted).length
  }
  expect(await admitted(() => "192.0.2.1")).toBe(100)
  expect(await admitted(() => "192.0.2.2")).toBe(100)
  expect(await admitted((index) => `2001:db8::${index.toString(16)}`)).toBe(100)
  vi.advanceTimersByTime(599_000)
  expect(await limits.admitRequest("192.0.2.1")).toEqual({ admitted: false, retryAfterSeconds: 1 })
  vi.advanceTimersByTime(1_000)
  expect(await admitted(() => "192.0.2.1")).toBe(100)
})
