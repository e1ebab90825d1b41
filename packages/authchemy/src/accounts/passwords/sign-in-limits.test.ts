import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { createMemoryRateLimits } from "../../limits/memory.ts"
import { createSignInLimits, type SignInLimits } from "./sign-in-limits.ts"

const EMAIL = "ada@example.com"
const ADDRESS = "192.0.2.1"
let limits: SignInLimits

beforeEach(() => {
  vi.useFakeTimers()
  limits = createSignInLimits(createMemoryRateLimits().open)
})
afterEach(() => {
  vi.useRealTimers()
})

const admitted = async (count: number, attempt: () => Promise<{ admitted: boolean }>) =>
  (await Promise.all(Array.from({ length: count }, attempt))).filter((one) => one.admitted).length

describe("one email from one address", () => {
  test("S38 of 200 attempts at the same moment ten are made", async () => {
    expect(await admitted(200, () => limits.admitSignIn(EMAIL, ADDRESS))).toBe(10)
    expect(await limits.admitSignIn(EMAIL, "192.0.2.2")).toMatchObject({ admitted: true })
    expect(await limits.admitSignIn("grace@example.com", ADDRESS)).toMatchObject({ admitted: true })
  })

  test("it says how long to wait, and lets go on after that", async () => {
    await admitted(10, () => limits.admitSignIn(EMAIL, ADDRESS))
    vi.advanceTimersByTime(600_000)
    expect(await limits.admitSignIn(EMAIL, ADDRESS)).toEqual({ admitted: false, retryAfterSeconds: 300 })
    vi.advanceTimersByTime(299_999)
    expect(await limits.admitSignIn(EMAIL, ADDRESS)).toEqual({ admitted: false, retryAfterSeconds: 1 })
    vi.advanceTimersByTime(1)
    expect(await admitted(11, () => limits.admitSignIn(EMAIL, ADDRESS))).toBe(10)
  })

  test("S37 a right password costs nothing and forgives nothing", async () => {
    await admitted(9, () => limits.admitSignIn(EMAIL, ADDRESS))
    for (let times = 0; times < 20; times++) {
      const right = await limits.admitSignIn(EMAIL, ADDRESS)
      if (!right.admitted) throw new Error("a right password was limited")
      await right.giveBack()
    }
    expect(await admitted(5, () => limits.admitSignIn(EMAIL, ADDRESS))).toBe(1)
  })
})

describe("one address", () => {
  test("has a hundred attempts, whatever the email; those over an email's limit do not count", async () => {
    await admitted(200, () => limits.admitSignIn(EMAIL, ADDRESS))
    let index = 0
    expect(await admitted(200, () => limits.admitSignIn(`${index++}@example.com`, ADDRESS))).toBe(90)
    expect(await limits.admitSignIn(EMAIL, "192.0.2.2")).toMatchObject({ admitted: true })
  })

  test("shares them with new accounts", async () => {
    expect(await admitted(200, () => limits.admitSignUp(ADDRESS))).toBe(100)
    expect(await limits.admitSignIn(EMAIL, ADDRESS)).toMatchObject({ admitted: false })
  })

  test.each([
    ["2001:db8::1", "2001:db8:0:0:ffff::2", true],
    ["2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0009", true],
    ["2001:db8:0:1::1", "2001:db8:0:2::1", false],
    ["::1", "fe80::1%eth0", false],
    ["fe80::1%eth0", "fe80::2%eth1", true],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:8:7:6:5", true],
    ["1::2:3:4:5:6:7", "1:0:2:3::", true],
    ["192.0.2.1", "192.0.2.2", false],
    ["unknown", "unknown", true],
  ])("%s and %s are one: %s", async (first, second, same) => {
    await admitted(10, () => limits.admitSignIn(EMAIL, first))
    expect((await limits.admitSignIn(EMAIL, second)).admitted).toBe(!same)
  })
})
