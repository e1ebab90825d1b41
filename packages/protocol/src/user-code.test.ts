import { randomBytes } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { tidyUserCode, USER_CODE_ALPHABET, userCodeFrom } from "./user-code.ts"

test("a user code is two groups of four letters of the alphabet, and tidy already", () => {
  for (let index = 0; index < 1000; index++) {
    const code = userCodeFrom(randomBytes)
    expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    expect(tidyUserCode(code)).toBe(code)
  }
})

test("every letter is as likely as any other", () => {
  const all = Array.from({ length: 256 }, (_, byte) => byte)
  const counts = new Map<string, number>()
  let next = 0
  const everyByteInTurn = (size: number) =>
    Uint8Array.from({ length: size }, () => all[next++ % 256] as number)
  for (let index = 0; index < 30; index++) {
    for (const letter of userCodeFrom(everyByteInTurn).replace("-", "")) {
      counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
  }
  expect([...counts.keys()].sort().join("")).toBe(USER_CODE_ALPHABET)
  expect(new Set(counts.values())).toEqual(new Set([12]))
})

test.each(["wdjb-mjht", "WDJBMJHT", " wdjb mjht ", "WDJB–MJHT", "W.D.J.B.M.J.H.T", "wdjb\u200bmjht"])(
  "%j is read as WDJB-MJHT",
  (typed) => {
    expect(tidyUserCode(typed)).toBe("WDJB-MJHT")
  },
)

test.each(["", "WDJB-MJH", "WDJB-MJHTT", "WDJA-MJHT", "1234-5678", "W".repeat(65)])("%j is none", (typed) => {
  expect(tidyUserCode(typed)).toBeNull()
})

test("whatever is typed, what comes out is a code or nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 80 }), (typed) => {
      const code = tidyUserCode(typed)
      expect(code === null || /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/.test(code)).toBe(true)
    }),
  )
})
