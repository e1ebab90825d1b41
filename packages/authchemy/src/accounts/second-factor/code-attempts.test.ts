import { expect, test } from "vitest"
import { createMemoryRateLimits } from "../../limits/memory.ts"
import { createAccountLimits } from "../account-limits.ts"
import { CallRefused } from "../better-auth.ts"
import { createCodeAttempts, tidyCode } from "./code-attempts.ts"

function open() {
  const clock = { now: 1_000_000 }
  const kept = new Map<string, number>()
  const attempts = createCodeAttempts({
    limits: createAccountLimits(createMemoryRateLimits().open),
    tokens: {
      keep: async (name, _text, expiresAt) => {
        if ((kept.get(name) ?? 0) > clock.now) return false
        kept.set(name, expiresAt)
        return true
      },
      take: async (name) => (kept.delete(name) ? "used" : null),
    },
    now: () => clock.now,
  })
  return { attempts, clock }
}
const accepted = async () => ({ setCookies: ["session=1"] })
const refused = (code: string) => async () => {
  throw new CallRefused(code)
}
const DONE = { ok: true, setCookies: ["session=1"] }

test("a code that was accepted is refused for as long as it could be right, for that account", async () => {
  const { attempts, clock } = open()
  expect(await attempts.tryCode("ada", "123456", accepted)).toEqual(DONE)
  clock.now += 90_000
  expect(await attempts.tryCode("ada", "123456", accepted)).toMatchObject({ ok: false, field: "code" })
  expect(await attempts.tryCode("grace", "123456", accepted)).toEqual(DONE)
  clock.now += 30_000
  expect(await attempts.tryCode("ada", "123456", accepted)).toEqual(DONE)
})

test("a code that was wrong can be right later", async () => {
  const { attempts } = open()
  expect(await attempts.tryCode("ada", "123456", refused("INVALID_CODE"))).toMatchObject({
    ok: false,
    field: "code",
  })
  expect(await attempts.tryCode("ada", "123456", accepted)).toEqual(DONE)
})

test.each(["12345", "1234567", "12345x", "１２３４５６", ""])(
  "%j is no code and counts for nothing",
  async (code) => {
    const { attempts } = open()
    for (let index = 0; index < 20; index++) {
      expect(await attempts.tryCode("ada", code, accepted)).toMatchObject({ ok: false, field: "code" })
    }
    expect(await attempts.tryCode("ada", "123456", accepted)).toEqual(DONE)
  },
)

test("ten wrong codes and recovery codes together lock an account; right ones and faults cost nothing", async () => {
  const { attempts } = open()
  for (let index = 0; index < 12; index++) {
    expect(await attempts.tryCode("ada", String(111_110 + index), accepted)).toEqual(DONE)
    await expect(attempts.tryRecoveryCode("ada", () => Promise.reject(new Error("fault")))).rejects.toThrow()
  }
  for (let index = 0; index < 5; index++) {
    await attempts.tryCode("ada", `22222${index}`, refused("INVALID_CODE"))
    await attempts.tryRecoveryCode("ada", refused("INVALID_BACKUP_CODE"))
  }
  for (const tried of [
    await attempts.tryCode("ada", "333333", accepted),
    await attempts.tryRecoveryCode("ada", accepted),
  ]) {
    expect(tried).toMatchObject({ ok: false, field: "form", retryAfterSeconds: expect.any(Number) })
  }
  expect(await attempts.tryCode("grace", "333333", accepted)).toEqual(DONE)
})

test.each([
  ["INVALID_TWO_FACTOR_COOKIE", "form"],
  ["TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE", "form"],
  ["ACCOUNT_DISABLED", "form"],
  ["INVALID_BACKUP_CODE", "code"],
  ["CONFLICT", "code"],
  ["SOMETHING_NEW", "form"],
])("%s is told beside %s", async (code, field) => {
  const { attempts } = open()
  expect(await attempts.tryRecoveryCode("ada", refused(code))).toMatchObject({ ok: false, field })
})

test("blanks in a code count for nothing", () => {
  expect(tidyCode(" 123 456\u00a0")).toBe("123456")
})
