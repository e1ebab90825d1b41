import fc from "fast-check"
import { expect, test } from "vitest"
import { accentShades, contrastOf } from "./accent.ts"

const grounds = { light: "#f4f6f6", dark: "#151e1d" }

test("whatever accent an operator chooses, text in it and on it can be read in both schemes", () => {
  const colour = fc
    .integer({ min: 0, max: 0xffffff })
    .map((value) => `#${value.toString(16).padStart(6, "0")}`)
  fc.assert(
    fc.property(colour, (accent) => {
      const { light, dark } = accentShades(accent, grounds)
      expect(contrastOf(light.accent, grounds.light)).toBeGreaterThanOrEqual(4.5)
      expect(contrastOf(dark.accent, grounds.dark)).toBeGreaterThanOrEqual(4.5)
      for (const { accent: ground, strong, on } of [light, dark]) {
        expect(contrastOf(on, ground)).toBeGreaterThanOrEqual(4.5)
        expect(contrastOf(on, strong)).toBeGreaterThanOrEqual(4.5)
      }
    }),
  )
})

test("a colour that fits already stays as it was given", () => {
  expect(accentShades("#0f766e", grounds).light.accent).toBe("#0f766e")
})
