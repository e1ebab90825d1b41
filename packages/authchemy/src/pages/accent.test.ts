import fc from "fast-check"
import { expect, test } from "vitest"
import { accentShades } from "./accent.ts"

/** The contrast of two colours as WCAG 2.2 defines it, from 1 to 21. */
function contrastOf(one: string, other: string): number {
  const luminanceOf = (hex: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const part = Number(`0x${hex.slice(at, at + 2)}`) / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [first, second] = [luminanceOf(one), luminanceOf(other)]
  return (Math.max(first, second) + 0.05) / (Math.min(first, second) + 0.05)
}

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
