import fc from "fast-check"
import { expect, test } from "vitest"
import { styleFor } from "./style.ts"
import { columnsOf, undressed } from "./width.ts"
import { hanging, wrapped } from "./wrap.ts"

const style = styleFor({ isTTY: true }, { color: true, env: { WT_SESSION: "1" } })
const URL = "https://auth.example.com/login?redirectUrl=http%3A%2F%2F127.0.0.1%3A16424%2F"

test.each([
  ["fits as it is", "a  b", 20, "a  b"],
  ["breaks between words", "one two three", 8, "one two\nthree"],
  ["keeps blanks within a line", "one  two three", 8, "one  two\nthree"],
  ["keeps the indentation", "  one two three", 9, "  one two\n  three"],
  ["hangs below the words, not below the mark", "✗ one two three", 9, "✗ one two\n  three"],
  ["the same in colour", "\u001b[31m✗\u001b[39m one two three", 9, "\u001b[31m✗\u001b[39m one two\n  three"],
  ["indented marks", "  ! one two three", 11, "  ! one two\n    three"],
  ["every line for itself", "one two three\nfour", 8, "one two\nthree\nfour"],
  ["empty lines stay", "\n\none two three\n", 8, "\n\none two\nthree\n"],
  [
    "a command stays whole",
    "Run `alchemy auth login` now, and wait.",
    24,
    "Run `alchemy auth login`\nnow, and wait.",
  ],
  [
    "with what follows it",
    "Run it as `alchemy auth`, then wait.",
    16,
    "Run it as\n`alchemy auth`,\nthen wait.",
  ],
  ["unless it is too long", "Run `alchemy auth login --force`.", 14, "Run `alchemy\nauth login\n--force`."],
  ["a lone backtick is a word", "one ` two three", 9, "one ` two\nthree"],
  ["wide characters count twice", "日本 日本 日本", 9, "日本 日本\n日本"],
])("%s", (_, text, width, shown) => {
  expect(wrapped(text, width)).toBe(shown)
})

test("an address that is too long has a line of its own, unbroken and not indented", () => {
  expect(wrapped(`  open ${URL} and wait`, 40)).toBe(`  open\n${URL}\n  and wait`)
  expect(wrapped(`  ${URL}`, 40)).toBe(`  ${URL}`.trim())
  expect(wrapped(`open ${style.link(URL)} and wait`, 40)).toBe(`open\n${style.link(URL)}\nand wait`)
})

test("the indentation is given up before a word is broken", () => {
  expect(hanging("    ", 4, "a WDJB-MJHT", 9)).toBe("    a\nWDJB-MJHT")
})

test("off a terminal nothing is wrapped", () => {
  const text = "one two ".repeat(100)
  expect(wrapped(text, styleFor({}, { color: true, env: {} }).width)).toBe(text)
})

const word = fc.oneof(
  fc.stringMatching(/^[!-~]{1,12}$/),
  fc.constantFrom(URL, "`alchemy auth login --force`", "日本語", "e\u0301", "🎉", "✗", "·", "…", "`"),
)
const dressed = fc
  .tuple(
    word,
    fc.constantFrom(style.bold, style.dim, (text: string) => text),
  )
  .map(([text, dress]) => dress(text))
const text = fc
  .tuple(
    fc.constantFrom("", "  ", "✗ ", "    "),
    fc.array(fc.tuple(dressed, fc.constantFrom(" ", "  ", "\n"))),
  )
  .map(([start, words]) => start + words.map((part) => part.join("")).join(""))

test("at 40 to 200 columns no line is wider, but for single words; no word is lost or broken; twice is as once", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 40, max: 200 }), (given, width) => {
      const shown = wrapped(given, width)
      for (const line of undressed(shown).split("\n")) {
        if (columnsOf(line) > width) expect(line).not.toMatch(/ /)
      }
      expect(shown.split(/\s+/).join(" ").trim()).toBe(given.split(/\s+/).join(" ").trim())
      expect(wrapped(shown, width)).toBe(shown)
    }),
    { numRuns: 500 },
  )
})
