import { readdirSync, readFileSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import { deflateSync, inflateSync } from "node:zlib"
import { expect, test } from "vitest"
import { chunk, pixelsOf, SIGNATURE, smallPng } from "../script/screens-parts/small-png.ts"
import { PAGES } from "./every-page/page-names.ts"

const folder = resolve(import.meta.dirname, "../docs/screens")
const readme = readFileSync(join(folder, "README.md"), "utf8")
const names = Object.keys(PAGES).flatMap((name) =>
  [320, 768, 1280].flatMap((width) => ["light", "dark"].map((scheme) => `${name}-${width}-${scheme}.png`)),
)

test("there is a picture of every page in each width and scheme, and of nothing else, in under 8 MB", () => {
  const pictures = readdirSync(folder).filter((file) => file.endsWith(".png"))
  expect(pictures.sort()).toEqual(names.toSorted())
  const bytes = pictures.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)
  expect(bytes).toBeLessThan(8_000_000)
})

test("the page that shows them links to each, and says what each page is", () => {
  expect(names.filter((name) => !readme.includes(`(${name})`))).toEqual([])
  expect(Object.values(PAGES).filter((sentence) => !readme.includes(sentence))).toEqual([])
})

/** A picture as a browser writes it, each row with another of the five filters. */
function pngOf(width: number, rows: number[][]): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(rows.length, 4)
  header.set([8, 2], 8)
  const bytes = rows.map((row) => Buffer.from(row.flatMap((grey) => [grey, grey, 255])))
  const filtered = bytes.map((row, y) => {
    const filter = y % 5
    const above = bytes[y - 1] ?? Buffer.alloc(row.length)
    const line = row.map((byte, x) => {
      const [left, up, corner] = [row[x - 3] ?? 0, above[x] ?? 0, x < 3 ? 0 : (above[x - 3] ?? 0)]
      return byte - paeth(filter, left, up, corner)
    })
    return Buffer.concat([Buffer.from([filter]), line])
  })
  const data = deflateSync(Buffer.concat(filtered))
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ])
}

/** What a filter takes for granted (PNG, third edition, §9.2). */
function paeth(filter: number, left: number, up: number, corner: number): number {
  const near = [left, up, corner].toSorted(
    (a, b) => Math.abs(left + up - corner - a) - Math.abs(left + up - corner - b),
  )[0]
  return [0, left, up, Math.floor((left + up) / 2), near ?? 0][filter] ?? 0
}

function chunkOf(png: Buffer, type: string): Buffer {
  const at = png.indexOf(type)
  return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4))
}

test("a picture in fewer bytes has the same pixels where it has few colours", () => {
  const rows = Array.from({ length: 10 }, (_, y) => Array.from({ length: 7 }, (_, x) => ((x * y) % 6) * 40))
  const png = pngOf(7, rows)
  expect(Array.from(pixelsOf(png).rgb)).toEqual(rows.flat().flatMap((grey) => [grey, grey, 255]))
  const small = Buffer.from(smallPng(png))
  const [colours, packed] = [chunkOf(small, "PLTE"), inflateSync(chunkOf(small, "IDAT"))]
  const shown = Array.from({ length: 10 }, (_, y) => [...packed.subarray(y * 8 + 1, y * 8 + 8)]).flat()
  expect(shown.map((place) => colours[place * 3])).toEqual(rows.flat())
  expect(() => pixelsOf(small)).toThrow("another kind")
})
