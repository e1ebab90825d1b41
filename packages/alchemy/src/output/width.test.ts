import { expect, test } from "vitest"
import { columnsOf, cut, undressed } from "./width.ts"

test.each([
  ["", 0],
  ["abc", 3],
  ["日本", 4],
  ["ﾊﾝｶｸ", 4],
  ["ｆｕｌｌ", 8],
  ["한국", 4],
  ["\u1112\u1161\u11ab", 2],
  ["e\u0301", 1],
  ["\u0301", 0],
  ["a\u200bb", 2],
  ["a\u00adb", 3],
  ["🎉", 2],
  ["👨‍👩‍👧", 2],
  ["👍🏽", 2],
  ["❤️", 2],
  ["1️⃣", 2],
  ["🇩🇪", 2],
  ["🇩🇪🇫🇷", 4],
  ["12", 2],
  ["a·b…✓", 5],
  ["क्ष", 2],
  ["\u001b[1mab\u001b[22m", 2],
  ["\u001b[38;5;16;48;5;231m█\u001b[0m", 1],
  ["\u001b]8;;https://x.example/?a=b\u001b\\here\u001b]8;;\u001b\\", 4],
  ["\u001b]8;;https://x.example\u0007here\u001b]8;;\u0007", 4],
])("%j takes %i columns", (text, columns) => {
  expect(columnsOf(text)).toBe(columns)
})

test("a text without colours and links is what is visible of it", () => {
  expect(undressed("a \u001b[1mb\u001b[22m \u001b]8;;https://x.example\u001b\\c\u001b]8;;\u001b\\")).toBe(
    "a b c",
  )
})

test.each([
  ["abcdef", 6, "abcdef"],
  ["abcdef", 5, "abcd…"],
  ["ab cdef", 4, "ab…"],
  ["日本語", 5, "日本…"],
  ["日本語", 4, "日…"],
  ["🇩🇪🇫🇷", 3, "🇩🇪…"],
  ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
  ["abc", 1, "…"],
  ["abc", 0, ""],
])("%j cut at %i columns is %j", (text, columns, shown) => {
  expect(cut(text, columns)).toBe(shown)
})

test("what is missing can be said in ASCII", () => {
  expect(cut("abcdef", 5, "...")).toBe("ab...")
  expect(cut("abcdef", 2, "...")).toBe("")
})
