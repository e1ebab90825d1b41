import { DEVICE_CODE_LIFETIME_SECONDS, USER_CODE_ALPHABET, USER_CODE_LENGTH } from "@authchemy/protocol"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { createMemoryRateLimits } from "./memory.ts"
import {
  createUserCodeLimits,
  GUESSES_ALTOGETHER,
  GUESSES_EACH,
  type UserCodeLimits,
} from "./user-code-limits.ts"

let limits: UserCodeLimits
beforeEach(() => {
  vi.useFakeTimers()
  limits = createUserCodeLimits(createMemoryRateLimits().open)
})
afterEach(() => {
  vi.useRealTimers()
})

/** How many of so many guesses are admitted, `each` at a time. */
const guess = async (
  count: number,
  each: number,
  who: (index: number) => [account: string, address: string],
) => {
  let admitted = 0
  for (let index = 0; index < count; index += each) {
    const batch = Array.from({ length: each }, (_, offset) => limits.admitGuess(...who(index + offset)))
    admitted += (await Promise.all(batch)).filter((one) => one.admitted).length
  }
  return admitted
}

describe.each([
  ["S37 one after the other", 1],
  ["S38 200 at a time", 200],
])("1,000 random codes, %s", (_, each) => {
  test("from one address: 3, whoever types them", async () => {
    expect(await guess(1000, each, (index) => [`account-${index}`, "192.0.2.1"])).toBe(3)
  })

  test("from one /64: 3", async () => {
    const addressOf = (index: number) => `2001:db8::${index.toString(16)}`
    expect(await guess(1000, each, (index) => [`account-${index}`, addressOf(index)])).toBe(3)
  })

  test("from one account: 3, wherever from", async () => {
    expect(await guess(1000, each, (index) => ["ada", `192.0.${index >> 8}.${index & 255}`])).toBe(3)
  })

  test("from many of both: 100, and then nobody types another", async () => {
    const many = (index: number): [string, string] => [
      `account-${index}`,
      `192.0.${index >> 8}.${index & 255}`,
    ]
    expect(await guess(1000, each, many)).toBe(100)
    expect(await limits.admitGuess("grace", "198.51.100.1")).toMatchObject({ admitted: false })
    vi.advanceTimersByTime(600_000)
    expect(await limits.admitGuess("grace", "198.51.100.1")).toMatchObject({ admitted: true })
  })
})

/** The most that `guesses` a window come to in a code's life, which can reach into two windows: see `RateLimiter`. */
function guessesInALife(guesses: number): number {
  return 2 * guesses - 1
}

test("S37 a right code costs nothing and forgives nothing", async () => {
  await guess(2, 1, () => ["ada", "192.0.2.1"])
  for (let times = 0; times < 20; times++) {
    const right = await limits.admitGuess("ada", "192.0.2.1")
    if (!right.admitted) throw new Error("a right code was limited")
    await right.giveBack()
  }
  expect(await guess(10, 1, () => ["ada", "192.0.2.1"])).toBe(1)
  expect(await guess(10, 1, () => ["ada", "192.0.2.2"])).toBe(0)
  expect(await guess(10, 1, () => ["grace", "192.0.2.1"])).toBe(0)
})

test("one account that is refused costs its address nothing", async () => {
  await guess(100, 1, () => ["ada", "192.0.2.1"])
  await guess(100, 1, () => ["ada", "192.0.2.2"])
  expect(await guess(10, 1, () => ["grace", "192.0.2.2"])).toBe(3)
})

describe("S39 the entropy of a user code, the guesses allowed, and live codes", () => {
  const codes = USER_CODE_ALPHABET.length ** USER_CODE_LENGTH

  test("one account or address finds one live code with a probability under 2⁻³² in the code's life", async () => {
    expect(codes).toBe(20 ** 8)
    expect(guessesInALife(GUESSES_EACH) / codes).toBeLessThan(2 ** -32)
    expect(guessesInALife(GUESSES_EACH + 1) / codes).toBeGreaterThan(2 ** -32)
  })

  test("its guesses are never more than that in any span of the code's life, however it times them", async () => {
    const lifeMs = DEVICE_CODE_LIFETIME_SECONDS * 1000
    const begin = Date.now()
    const admitted: number[] = []
    const tryTimes = async (times: number) => {
      for (let count = 0; count < times; count++) {
        if ((await limits.admitGuess("ada", "192.0.2.1")).admitted) admitted.push(Date.now() - begin)
      }
    }
    // One guess begins a window; the others of it come at its end, those of the next right after.
    for (let window = 0; window < 4; window++) {
      await tryTimes(1)
      vi.advanceTimersByTime(lifeMs - 1000)
      await tryTimes(10)
      vi.advanceTimersByTime(1000)
    }
    await tryTimes(10)
    const within = (start: number) => admitted.filter((time) => time >= start && time < start + lifeMs).length
    expect(Math.max(...admitted.map(within))).toBe(guessesInALife(GUESSES_EACH))
  })

  test("altogether it is 199 × N / 20⁸ with N codes live: under one in 128,000 for a thousand", () => {
    expect((guessesInALife(GUESSES_ALTOGETHER) * 1000) / codes).toBeLessThan(1 / 128_000)
  })
})
