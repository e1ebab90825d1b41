import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { createMemoryRateLimits } from "../../limits/memory.ts"
import { createSignInLimits, type SignInLimits } from "./sign-in-limits.ts"

const EMAIL = "ada@example.com"
const ADDRESS = "192.0.2.1"
/** Where the account of `EMAIL` has signed in before. */
const HOME = "198.51.100.1"
const OUT_OF_REACH = "198.51.100.2"
let limits: SignInLimits
/** What was asked of the networks that are known. */
let asked: string[]

beforeEach(() => {
  vi.useFakeTimers()
  asked = []
  limits = createSignInLimits(createMemoryRateLimits().open, {
    hasSignedInFrom: async (email, address) => {
      asked.push(`${email} ${address}`)
      if (address === OUT_OF_REACH) throw new Error("out of reach")
      return email === EMAIL && address === HOME
    },
  })
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

describe("one /48 of IPv6 addresses", () => {
  test("S37 has 300 attempts, however many of its networks they come from", async () => {
    let index = 0
    const guess = () => limits.admitSignIn(`${index}@example.com`, `2001:db8:1:${(index++).toString(16)}::1`)
    expect(await admitted(400, guess)).toBe(300)
    expect(await limits.admitSignUp("2001:db8:1:ffff::1")).toMatchObject({ admitted: false })
    expect(await limits.admitSignIn(EMAIL, "2001:db8:2::1")).toMatchObject({ admitted: true })
  })
})

describe("one email", () => {
  let index = 0
  beforeEach(() => {
    index = 0
  })
  const guess = (email: string) => () => {
    index += 1
    return limits.admitSignIn(email, `203.0.113.${index % 250}`)
  }

  test("S37 has a hundred attempts from wherever; then those from where its account has signed in before, ten each", async () => {
    expect(await admitted(200, guess(EMAIL))).toBe(100)
    expect(asked).toHaveLength(100)
    expect(await admitted(20, () => limits.admitSignIn(EMAIL, HOME))).toBe(10)
    expect(await limits.admitSignIn("grace@example.com", ADDRESS)).toMatchObject({ admitted: true })
    vi.advanceTimersByTime(900_000)
    expect(await limits.admitSignIn(EMAIL, ADDRESS)).toMatchObject({ admitted: true })
  })

  test("is answered the same whether or not it has an account", async () => {
    const answers = []
    for (const email of [EMAIL, "nobody@example.com"]) {
      await admitted(100, guess(email))
      answers.push(await limits.admitSignIn(email, ADDRESS))
    }
    expect(answers[0]).toEqual({ admitted: false, retryAfterSeconds: 900 })
    expect(answers[1]).toEqual(answers[0])
    expect(asked).toEqual([`${EMAIL} ${ADDRESS}`, `nobody@example.com ${ADDRESS}`])
  })

  test("attempts that it refuses count for no address; S37 right passwords do not use it up", async () => {
    for (let times = 0; times < 150; times++) {
      const right = await guess(EMAIL)()
      if (!right.admitted) throw new Error("a right password was limited")
      await right.giveBack()
    }
    expect(await admitted(100, guess(EMAIL))).toBe(100)
    expect(await admitted(200, () => limits.admitSignIn(EMAIL, ADDRESS))).toBe(0)
    expect(await limits.admitSignIn("grace@example.com", ADDRESS)).toMatchObject({ admitted: true })
  })

  test("S52 where it cannot be told whether a network is known, nothing is admitted, and nothing counts", async () => {
    await admitted(100, guess(EMAIL))
    const lost = Array.from({ length: 10 }, () => limits.admitSignIn(EMAIL, OUT_OF_REACH))
    for (const one of await Promise.allSettled(lost)) expect(one).toMatchObject({ status: "rejected" })
    expect(await admitted(101, () => limits.admitSignUp(OUT_OF_REACH))).toBe(100)
  })
})
