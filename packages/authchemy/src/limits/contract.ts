import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Admission, RateLimits } from "./rate-limiter.ts"

/** Counts under test, and a way to let time pass for them. */
export type RateLimitsUnderTest = { limits: RateLimits; pass(ms: number): Promise<void> }

const MINUTE_MS = 60_000
/** Where the store's clock runs on by itself, a wait that was 300 s may be a little less. */
const SLACK_SECONDS = 5

/** What every kind of count must do, races included. Run on each by its own test file. */
export function describeRateLimits(name: string, openUnderTest: () => Promise<RateLimitsUnderTest>): void {
  describe(`rate limits: ${name}`, () => {
    let under: RateLimitsUnderTest
    let names = 0
    const newName = () => `contract-${++names}`
    const openLimiter = (points: number, limiterName = newName()) =>
      under.limits.open({ name: limiterName, points, durationSeconds: 600 })
    const admittedOf = (admissions: readonly Admission[]) => admissions.filter((one) => one.admitted).length
    const attempts = (count: number, attempt: () => Promise<Admission>) =>
      Promise.all(Array.from({ length: count }, attempt))
    const admittedNow = async (attempt: () => Promise<Admission>) => {
      const admission = await attempt()
      if (!admission.admitted) throw new Error("the attempt was refused")
      return admission
    }
    const waitOf = async (attempt: Promise<Admission>) => {
      const admission = await attempt
      if (admission.admitted) throw new Error("the attempt was admitted")
      return admission.retryAfterSeconds
    }
    const expectWait = async (attempt: Promise<Admission>, seconds: number) => {
      const wait = await waitOf(attempt)
      expect(wait).toBeLessThanOrEqual(seconds)
      expect(wait).toBeGreaterThan(seconds - SLACK_SECONDS)
      expect(Number.isInteger(wait)).toBe(true)
    }

    beforeAll(async () => {
      under = await openUnderTest()
    })
    afterAll(() => under.limits.close())

    test("S38 of 200 attempts at the same moment so many are admitted as there are points", async () => {
      const limiter = openLimiter(7)
      expect(admittedOf(await attempts(200, () => limiter.admit("ada")))).toBe(7)
      expect(await limiter.admit("ada")).toMatchObject({ admitted: false })
      expect(await limiter.admit("grace")).toMatchObject({ admitted: true })
    })

    test("a refusal says how long to wait, and makes the wait no longer", async () => {
      const limiter = openLimiter(2)
      await attempts(2, () => limiter.admit("ada"))
      await expectWait(limiter.admit("ada"), 600)
      await under.pass(5 * MINUTE_MS)
      await attempts(50, () => limiter.admit("ada"))
      await expectWait(limiter.admit("ada"), 300)
      await under.pass(5 * MINUTE_MS)
      expect(admittedOf(await attempts(3, () => limiter.admit("ada")))).toBe(2)
    })

    test("S38 a flood around the end of a window gets through what two windows hold, and no more", async () => {
      const limiter = openLimiter(3)
      await limiter.admit("ada")
      await under.pass(10 * MINUTE_MS - 20)
      const flood = await Promise.all(
        Array.from({ length: 30 }, async (_, index) => {
          if (index === 15) await under.pass(20)
          return limiter.admit("ada")
        }),
      )
      expect(admittedOf([...flood, ...(await attempts(30, () => limiter.admit("ada")))])).toBeLessThanOrEqual(
        5,
      )
    })

    test("a window begins with its first attempt and ends as a whole", async () => {
      const limiter = openLimiter(5)
      await limiter.admit("ada")
      await under.pass(9 * MINUTE_MS)
      expect(admittedOf(await attempts(9, () => limiter.admit("ada")))).toBe(4)
      await expectWait(limiter.admit("ada"), 60)
      await under.pass(MINUTE_MS)
      expect(admittedOf(await attempts(9, () => limiter.admit("ada")))).toBe(5)
      await expectWait(limiter.admit("ada"), 600)
    })

    test("S37 giving an attempt back takes off that one and no other, once", async () => {
      const limiter = openLimiter(3)
      await attempts(2, () => limiter.admit("ada"))
      for (let times = 0; times < 10; times++) {
        const right = await admittedNow(() => limiter.admit("ada"))
        await right.giveBack()
        await right.giveBack()
      }
      expect(admittedOf(await attempts(10, () => limiter.admit("ada")))).toBe(1)
    })

    test("S37 two that were made at one moment are given back one by one", async () => {
      const limiter = openLimiter(2)
      const [first] = await attempts(2, () => limiter.admit("ada"))
      if (!first?.admitted) throw new Error("the attempt was refused")
      await Promise.all([first.giveBack(), first.giveBack()])
      expect(admittedOf(await attempts(5, () => limiter.admit("ada")))).toBe(1)
    })

    test("an attempt that is given back after its time takes off none of the later ones", async () => {
      const limiter = openLimiter(2)
      const old = await admittedNow(() => limiter.admit("ada"))
      await under.pass(10 * MINUTE_MS)
      await limiter.admit("ada")
      await old.giveBack()
      expect(admittedOf(await attempts(5, () => limiter.admit("ada")))).toBe(1)
      await under.pass(10 * MINUTE_MS)
      await old.giveBack()
      expect(admittedOf(await attempts(5, () => limiter.admit("ada")))).toBe(2)
    })

    test("limiters of one name count together, those of others do not", async () => {
      const shared = newName()
      await openLimiter(2, shared).admit("ada")
      expect(admittedOf(await attempts(5, () => openLimiter(2, shared).admit("ada")))).toBe(1)
      const another = openLimiter(2)
      expect(admittedOf(await attempts(5, () => another.admit("ada")))).toBe(2)
    })

    test("a key may be any text", async () => {
      const limiter = openLimiter(1)
      for (const key of ["", " ", ":", "a:b", "{a}", "\0", "ü", "__proto__", "k".repeat(10_000)]) {
        expect(admittedOf(await attempts(2, () => limiter.admit(key)))).toBe(1)
      }
    })
  })
}
