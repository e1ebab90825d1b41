import { expect, test } from "vitest"
import { lineIn, linesIn } from "./form-text.ts"

const typed = (text: string) => new Map([["field", text]])

test("one line, without control and direction characters", () => {
  expect(lineIn(typed("  a\u0000b\u202e\r\nc "), "field")).toBe("a b c")
  expect(lineIn(new Map(), "field")).toBe("")
})

test("several lines, each tidied, whatever ends them", () => {
  expect(linesIn(typed("\r\n a\u0000 \r\nb\rc\n\nd \n"), "field")).toBe("a\nb\nc\n\nd")
  expect(linesIn(new Map(), "field")).toBe("")
})

test("half of a surrogate pair does not stay", () => {
  expect(lineIn(typed("a\ud83d"), "field")).toBe("a")
})
