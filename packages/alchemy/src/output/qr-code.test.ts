import { encode } from "uqr"
import { expect, test } from "vitest"
import { qrCodeLines } from "./qr-code.ts"

const URL = "https://auth.alchemy.com/device?user_code=WDJB-MJHT"
const LARGE = { columns: 80, rows: 24 }
const BLOCKS: Readonly<Record<string, [boolean, boolean]>> = {
  " ": [false, false],
  "▀": [true, false],
  "▄": [false, true],
  "█": [true, true],
}

/** What a reader sees on a terminal with colours: dark modules as they are drawn. */
function modulesIn(lines: readonly string[]): boolean[][] {
  return lines.flatMap((line) => {
    const pairs = Array.from(line, (character) => BLOCKS[character] ?? expect.unreachable(character))
    return [pairs.map(([upper]) => upper), pairs.map(([, lower]) => lower)]
  })
}

test("with colours: black on white, and every module where the code has it", () => {
  const lines = qrCodeLines(URL, { color: true, ...LARGE }) ?? []
  const drawn = lines.map((line) => {
    const [, characters] = /^\u001b\[38;5;16;48;5;231m(.+)\u001b\[0m$/.exec(line) ?? []
    return characters ?? expect.unreachable(line)
  })
  const modules = modulesIn(drawn)
  const { data, size } = encode(URL, { ecc: "L", border: 0 })
  const inside = modules.slice(1, 1 + size).map((row) => row.slice(2, 2 + size))
  expect(inside).toEqual(data)
  expect(modules.map((row) => row.length)).toEqual(Array(modules.length).fill(size + 4))
  const dark = modules.flat().filter(Boolean).length
  expect(dark).toBe(data.flat().filter(Boolean).length)
})

test("without colours it is the same, drawn the other way round", () => {
  const colored = qrCodeLines(URL, { color: true, ...LARGE }) ?? []
  const plain = qrCodeLines(URL, { color: false, ...LARGE }) ?? []
  const bare = colored.map((line) => line.replace(/\u001b\[[\d;]*m/g, ""))
  expect(modulesIn(plain)).toEqual(modulesIn(bare).map((row) => row.map((dark) => !dark)))
})

test("an address of usual length leaves room for the text on 24 lines", () => {
  expect(qrCodeLines(URL, { color: true, columns: 33, rows: 16 })).toHaveLength(16)
})

test.each([
  ["too narrow", URL, { columns: 32, rows: 24 }],
  ["too low", URL, { columns: 80, rows: 15 }],
  ["too much text", "x".repeat(301), { columns: 10_000, rows: 10_000 }],
  ["more than any code holds", "x".repeat(10_000), { columns: 10_000, rows: 10_000 }],
])("%s: none", (_, text, size) => {
  expect(qrCodeLines(text, { color: true, ...size })).toBeNull()
})
