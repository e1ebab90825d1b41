import { expect, test } from "vitest"
import { approvalPhraseOf } from "./approval-phrase.ts"

test("the phrase of a challenge never changes: both screens compute it for themselves", () => {
  expect(approvalPhraseOf("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")).toMatchInlineSnapshot(
    `"leopard-topaz-gecko-kettle"`,
  )
})

test("different challenges have different phrases, each of four words", () => {
  const phrases = Array.from({ length: 1000 }, (_, index) => approvalPhraseOf(`challenge ${index}`))
  expect(new Set(phrases).size).toBe(1000)
  for (const phrase of phrases) expect(phrase).toMatch(/^[a-z]+(-[a-z]+){3}$/)
})
