import { expect, test } from "vitest"
import { styleFor } from "./style.ts"

const URL = "https://x.example/login?a=b"
const terminal = { isTTY: true }
const linking = { WT_SESSION: "b07c9e6e" }

test.each([
  ["a terminal", terminal, {}, true, true],
  ["a pipe", {}, {}, true, false],
  ["--no-color", terminal, {}, false, false],
  ["NO_COLOR", terminal, { NO_COLOR: "1" }, true, false],
  ["an empty NO_COLOR", terminal, { NO_COLOR: "" }, true, true],
  ["a dumb terminal", terminal, { TERM: "dumb" }, true, false],
  ["FORCE_COLOR on a pipe", {}, { FORCE_COLOR: "1" }, true, true],
  ["FORCE_COLOR=0", terminal, { FORCE_COLOR: "0" }, true, false],
  ["an empty FORCE_COLOR", {}, { FORCE_COLOR: "" }, true, false],
  ["NO_COLOR against FORCE_COLOR", terminal, { NO_COLOR: "1", FORCE_COLOR: "3" }, true, false],
  ["--no-color against FORCE_COLOR", terminal, { FORCE_COLOR: "3" }, false, false],
])("%s", (_, stream, env, color, shown) => {
  const style = styleFor(stream, { color, env })
  expect(style.color).toBe(shown)
  expect(style.bold("x")).toBe(shown ? "\u001b[1mx\u001b[22m" : "x")
})

test("a hyperlink shows the whole URL, and only where there are colours and the terminal has it", () => {
  const link = (stream: { isTTY?: boolean }, env: Record<string, string>, color = true) =>
    styleFor(stream, { color, env }).link(URL)
  expect(link(terminal, linking)).toBe(`\u001b]8;;${URL}\u001b\\${URL}\u001b]8;;\u001b\\`)
  expect(link(terminal, {})).toBe(URL)
  expect(link(terminal, linking, false)).toBe(URL)
  expect(link(terminal, { ...linking, NO_COLOR: "1" })).toBe(URL)
  expect(link({}, { ...linking, FORCE_COLOR: "1" })).toBe(URL)
})

test("an address that is none reaches no terminal raw, and is no link", () => {
  const { link } = styleFor(terminal, { color: true, env: linking })
  expect(link("https://x.example/\u001b\\\u001b[2J")).toBe("https://x.example/ \\ [2J")
  expect(link("https://x.example/ä")).toBe("https://x.example/ä")
})

test("the width of a terminal, at least 20; none off a terminal", () => {
  const widths = [{ isTTY: true, columns: 100 }, { isTTY: true, columns: 0 }, { isTTY: true, columns: 7 }, {}]
  expect(widths.map((stream) => styleFor(stream, { color: true, env: {} }).width)).toEqual([
    100,
    80,
    20,
    Number.POSITIVE_INFINITY,
  ])
})
