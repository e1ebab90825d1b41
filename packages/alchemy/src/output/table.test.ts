import fc from "fast-check"
import { expect, test } from "vitest"
import { styleFor } from "./style.ts"
import { fields, table } from "./table.ts"
import { columnsOf } from "./width.ts"

const styleOf = (columns: number) => styleFor({ isTTY: true, columns }, { color: false, env: {} })
const plain = styleOf(80)

test.each([
  ["wide", "日本"],
  ["emoji", "🎉🎉"],
  ["half-width", "ﾊﾝｶｸ"],
  ["combining marks", "e\u0301e\u0301e\u0301e\u0301"],
  ["an emoji of two characters", "1️⃣❤️"],
])("columns are aligned by what a terminal shows: %s", (_, cell) => {
  const shown = table(
    ["A", "B"],
    [
      [cell, "x"],
      ["y", "z"],
    ],
    plain,
  )
  expect(shown).toBe(`A     B\n${cell}  x\ny     z\n`)
  expect(
    fields(
      [
        [cell, "1"],
        ["long", "2"],
      ],
      plain,
    ),
  ).toBe(`  ${cell}  1\n  long  2\n`)
})

test("rows without a value are left out of a list, and cells without one are empty", () => {
  expect(
    fields(
      [
        ["a", "1"],
        ["longer", "2"],
        ["none", undefined],
      ],
      plain,
    ),
  ).toBe("  a       1\n  longer  2\n")
  expect(fields([], plain)).toBe("")
  expect(fields([["none", undefined]], plain)).toBe("")
  expect(table(["A", "B"], [[undefined, "x"], ["y"]], plain)).toBe("A  B\n   x\ny\n")
  expect(table(["A", "B"], [], plain)).toBe("A  B\n")
})

test("nothing reaches the terminal raw", () => {
  expect(table(["A"], [["a\u001b[2J\nb"]], plain)).toBe("A\na [2J b\n")
  expect(fields([["a\u001b[2J", "b\u202e"]], plain)).toBe("  a [2J  b\n")
})

test("colours do not disturb the columns", () => {
  const style = styleFor({ isTTY: true, columns: 80 }, { color: true, env: {} })
  expect(
    fields(
      [
        ["a", "1"],
        ["longer", "2"],
      ],
      style,
    ),
  ).toBe("  \u001b[2ma\u001b[22m       1\n  \u001b[2mlonger\u001b[22m  2\n")
})

test("a value is wrapped beside its name, or below it where there is little room", () => {
  const rows = [
    ["key", "1"],
    ["what it says", "one two three four five six seven"],
  ] as const
  expect(fields(rows, styleOf(50))).toBe(
    "  key           1\n  what it says  one two three four five six seven\n",
  )
  expect(fields(rows, styleOf(46))).toBe(
    "  key           1\n  what it says  one two three four five six\n                seven\n",
  )
  expect(fields(rows, styleOf(35))).toBe(
    "  key\n    1\n  what it says\n    one two three four five six\n    seven\n",
  )
})

test("an address that is too long has a line of its own", () => {
  const url = `https://x.example/${"y".repeat(60)}`
  expect(
    fields(
      [
        ["url", url],
        ["b", "2"],
      ],
      styleOf(40),
    ),
  ).toBe(`  url\n${url}\n  b    2\n`)
})

test("on a narrow terminal all rows of a table are laid out alike", () => {
  const narrow = styleOf(20)
  const rows = [
    ["a", "1"],
    ["b", "a value that does not fit"],
  ]
  expect(table(["K", "LONGER"], rows, narrow)).toBe(
    "  K\n    a\n  LONGER\n    1\n\n  K\n    b\n  LONGER\n    a value that\n    does not fit\n",
  )
  const three = [
    ["value1", "value2", undefined],
    ["value3", "value4", "5"],
  ]
  expect(table(["A", "B", "LONGER"], three, narrow)).toBe(
    "  A       value1\n  B       value2\n\n  A       value3\n  B       value4\n  LONGER  5\n",
  )
})

const cell = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.lorem({ maxCount: 30 }),
  fc.constantFrom(`https://x.example/${"y".repeat(220)}`, "日本語 日本語", undefined),
)

test("at 40 to 200 columns no line of a list or table is wider, but for single words", () => {
  const rows = fc.array(fc.tuple(cell, cell, cell), { maxLength: 6 })
  fc.assert(
    fc.property(rows, fc.integer({ min: 40, max: 200 }), (given, columns) => {
      const style = styleOf(columns)
      const list = given.map(([name, value]) => [(name ?? "").slice(0, 30), value] as const)
      for (const text of [table(["ID", "NAME", "WHAT IT SAYS"], given, style), fields(list, style)]) {
        for (const line of text.split("\n")) {
          if (columnsOf(line) > columns) expect(line).not.toMatch(/ /)
        }
      }
    }),
  )
})

test("columns that can be done without are given up one after the other before the rows become blocks, and that is said", () => {
  const shown = (columns: number) =>
    table(["ID", "CLIENT", "CREATED"], [["abc", "alchemy-cli", "2027-01-04"]], styleOf(columns), {
      dispensable: ["CLIENT", "CREATED"],
    })
  expect(shown(28)).toBe("ID   CLIENT       CREATED\nabc  alchemy-cli  2027-01-04\n")
  expect(shown(27)).toBe(
    "ID   CREATED\nabc  2027-01-04\n\nWithout CLIENT, for want of room; --json has all.\n",
  )
  const long = table(["ID", "CLIENT"], [["a-very-long-identifier-of-a-thing", "x"]], styleOf(30), {
    dispensable: ["CLIENT"],
  })
  expect(long).toMatch(/CLIENT\s+x/)
})
