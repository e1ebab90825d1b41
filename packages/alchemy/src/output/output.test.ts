import { PassThrough } from "node:stream"
import { expect, test } from "vitest"
import { waitForEnter } from "./enter.ts"
import { maskSecret, redact } from "./mask.ts"
import { jsonText, printable } from "./printable.ts"
import { styleFor } from "./style.ts"
import { columnsOf, fields, table } from "./table.ts"
import { moment, span } from "./time.ts"

const plain = styleFor({ columns: 80 }, { color: true, env: {} })
const TOKEN = `alchemy_at_tAg9${"s".repeat(43)}abCDef`

test.each([
  [TOKEN, "alchemy_at_tAg9…CDef"],
  ["0123456789012345678901", "0123…8901"],
  ["short", "••••"],
  ["", "••••"],
])("%j is shown as %j", (secret, shown) => {
  expect(maskSecret(secret)).toBe(shown)
})

test("redact masks what it is told, percent-encoded too, and everything of the form of a token", () => {
  expect(redact(`a ${TOKEN} b`)).toBe("a alchemy_at_tAg9…CDef b")
  expect(redact("x=s%20ecret&y=s ecret", ["s ecret", undefined, ""])).toBe("x=••••&y=••••")
})

test("printable is one line without control or direction characters", () => {
  expect(printable("a\u0000b\r\n\u202ec\u2028d\u009b2J")).toBe("a b c d 2J")
  expect(printable("x".repeat(600))).toHaveLength(500)
})

test("JSON escapes what a terminal could act on, and reads back the same", () => {
  const value = { text: "\u001b\u009b\u202e\u{e0041}é", nested: ["\u2028"] }
  for (const indent of [0, 2]) {
    const json = jsonText(value, indent)
    expect(json).toMatch(/^[\n\x20-\x7eé]+$/)
    expect(JSON.parse(json)).toEqual(value)
  }
})

test("a hyperlink shows the whole URL, and is plain off a terminal", () => {
  const url = "https://x.example/login?a=b"
  expect(plain.link(url)).toBe(url)
  const terminal = styleFor({ isTTY: true }, { color: true, env: {} })
  expect(terminal.link(url)).toBe(`\u001b]8;;${url}\u001b\\${url}\u001b]8;;\u001b\\`)
})

test("columns are aligned by what a terminal shows", () => {
  expect([columnsOf("abc"), columnsOf("日本"), columnsOf("é"), columnsOf("🎉")]).toEqual([3, 4, 1, 2])
  expect(
    table(
      ["A", "B"],
      [
        ["日本", "x"],
        ["y", "z"],
      ],
      plain,
    ),
  ).toBe("A     B\n日本  x\ny     z\n")
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
})

test("on a narrow terminal all rows of a table are laid out alike", () => {
  const narrow = styleFor({ columns: 20 }, { color: true, env: {} })
  const long = "a value that does not fit"
  expect(
    table(
      ["K", "LONGER"],
      [
        ["a", "1"],
        ["b", long],
      ],
      narrow,
    ),
  ).toBe(`  K\n    a\n  LONGER\n    1\n\n  K\n    b\n  LONGER\n    ${long}\n`)
  expect(
    table(
      ["A", "B", "LONGER"],
      [
        ["value1", "value2", undefined],
        ["value3", "value4", "5"],
      ],
      narrow,
    ),
  ).toBe("  A       value1\n  B       value2\n\n  A       value3\n  B       value4\n  LONGER  5\n")
})

test("moments and spans", () => {
  const now = Date.parse("2026-11-24T12:00:00.000Z")
  expect(moment("2026-11-25T13:00:00.000Z", now)).toBe("2026-11-25 13:00 UTC (in 1 day)")
  expect(moment("2026-11-24T11:58:00.000Z", now)).toBe("2026-11-24 11:58 UTC (2 minutes ago)")
  expect(moment("soon", now)).toBe("soon")
  expect([span(999), span(1000), span(7_200_000)]).toEqual(["less than a second", "1 second", "2 hours"])
})

test("Enter resolves; the end of the input settles nothing; an abort rejects; nobody listens afterwards", async () => {
  const typed = new PassThrough()
  typed.write("\n")
  await waitForEnter(typed, new AbortController().signal)
  expect(typed.listenerCount("data")).toBe(0)

  const ended = new PassThrough()
  const settled: string[] = []
  const controller = new AbortController()
  const waiting = waitForEnter(ended, controller.signal).then(
    () => settled.push("resolved"),
    () => settled.push("rejected"),
  )
  ended.end()
  await new Promise((resolve) => ended.once("close", resolve))
  expect(settled).toEqual([])
  expect(ended.listenerCount("data")).toBe(0)
  void waiting

  const aborted = new PassThrough()
  const rejection = expect(waitForEnter(aborted, controller.signal)).rejects.toThrow()
  controller.abort()
  await rejection
  expect(aborted.listenerCount("data")).toBe(0)
})
