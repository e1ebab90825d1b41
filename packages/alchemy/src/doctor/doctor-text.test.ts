import { expect, test } from "vitest"
import { styleFor } from "../output/style.ts"
import { columnsOf } from "../output/width.ts"
import { doctorText } from "./doctor-text.ts"
import type { CheckReport } from "./examine.ts"

const report = (title: string, more: Partial<CheckReport> = {}): CheckReport => ({
  id: title,
  title,
  lookedAt: "",
  found: "as it should be",
  verdict: "ok",
  fixable: false,
  ...more,
})
const plain = (columns?: number) =>
  styleFor(columns === undefined ? {} : { isTTY: true, columns }, { color: false, env: {} })

test("a line a check, aligned, what to do below, and the sum", () => {
  const reports = [
    report("browser"),
    report("callback port", { verdict: "note", found: "taken", todo: "Sign-in takes another." }),
    report("leftovers", { verdict: "problem", found: "one", todo: "Remove it.", fixable: true }),
  ]
  expect(doctorText(reports, plain(), false)).toBe(`\
✓ browser        as it should be
! callback port  taken
                 Sign-in takes another.
✗ leftovers      one
                 Remove it.

✗ 1 problem in 3 checks, 1 worth a look. \`alchemy auth doctor --fix\` can do something about 1.
`)
})

test("what was mended is said", () => {
  expect(doctorText([report("leftovers", { found: "nothing", fixed: "1 removed" })], plain(), true)).toBe(`\
✓ leftovers  nothing
             ✓ Mended: 1 removed.

✓ Nothing is wrong, in 1 checks, 1 mended.
`)
})

test("on a narrow terminal lines are wrapped and stay in their column", () => {
  const found = "https://auth.example.com could not be reached: the connection was refused"
  const text = doctorText([report("auth server", { verdict: "problem", found })], plain(50), false)
  const lines = text.trimEnd().split("\n")
  expect(lines.every((line) => columnsOf(line) <= 50)).toBe(true)
  expect(lines[1]).toMatch(/^ {15}\S/)
})
