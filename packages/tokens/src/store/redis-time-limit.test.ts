import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { StoreUnavailableError } from "../errors.ts"
import { available, COMMAND_LIMIT_MS, within } from "./redis-time-limit.ts"

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test("a reply in time is the reply, and leaves no timer", async () => {
  expect(await within(500, Promise.resolve("x"))).toBe("x")
  await expect(within(500, Promise.reject(new Error("refused")))).rejects.toThrow("refused")
  expect(vi.getTimerCount()).toBe(0)
})

test("S52 without a reply, the store is unavailable after 500 ms", async () => {
  const outcome = available(within(COMMAND_LIMIT_MS, new Promise(() => {}))).catch((error) => error)
  await vi.advanceTimersByTimeAsync(499)
  expect(vi.getTimerCount()).toBe(1)
  await vi.advanceTimersByTimeAsync(2)
  expect(await outcome).toMatchObject({
    code: "store_unavailable",
    cause: { message: "no answer from Redis within 500 ms" },
  })
})

test("a reply that came while this process was held up counts", async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const outcome = within(500, promise)
  // Timers that are overdue run before what the network has brought is read, and immediates after it.
  setTimeout(() => queueMicrotask(() => resolve("x")), 500)
  await vi.advanceTimersByTimeAsync(500)
  expect(await outcome).toBe("x")
})

test("what is unavailable already is passed on as it is", async () => {
  const error = new StoreUnavailableError(new Error("why"))
  await expect(available(Promise.reject(error))).rejects.toBe(error)
})
