import { expect, test } from "vitest"
import { plainId } from "./plain-id.ts"

test("an id stays as it is", () => {
  expect(plainId("app_Ab-9_x")).toBe("app_Ab-9_x")
})

test.each([undefined, "", "\u0000", "a b", "a/b", "é", "a\n", "x".repeat(129)])("%j is nobody's", (text) => {
  expect(plainId(text)).toBe("")
})
