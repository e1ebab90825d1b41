import { expect, test } from "vitest"
import { makeRecoveryCodes, tidyRecoveryCode } from "./recovery-codes.ts"

test("ten codes, none twice, of characters that are not mistaken for one another", () => {
  const codes = makeRecoveryCodes()
  expect(new Set(codes).size).toBe(10)
  for (const code of codes) expect(code).toMatch(/^[2-9a-hjkmnp-tv-z]{5}-[2-9a-hjkmnp-tv-z]{5}$/)
  expect(makeRecoveryCodes()).not.toEqual(codes)
})

test.each(["8k2fh-w9x3t", "8K2FH-W9X3T", "8k2fhw9x3t", " 8k2fh w9x3t ", "8k2fh – w9x3t", "8k2-fhw-9x3t"])(
  "%j is understood",
  (typed) => {
    expect(tidyRecoveryCode(typed)).toBe("8k2fh-w9x3t")
  },
)
