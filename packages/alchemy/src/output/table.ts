import { printable } from "./printable.ts"
import type { Style } from "./style.ts"

const WIDE = /[\p{Emoji_Presentation}\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\uff01-\uff60]/u

/** The columns a text takes on a terminal: two for CJK and emoji, none for combining marks. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue
    columns += WIDE.test(character) ? 2 : 1
  }
  return columns
}

const padded = (text: string, columns: number) => text + " ".repeat(Math.max(0, columns - columnsOf(text)))

/** `name  value` lines, values aligned; rows without a value are left out. Where they would not fit, the value goes below its name. */
export function fields(rows: readonly (readonly [string, string | undefined])[], style: Style): string {
  return blocks([rows], style)
}

/** Blocks of `fields`, all laid out alike, with an empty line between them. */
function blocks(
  rowsOfEach: readonly (readonly (readonly [string, string | undefined])[])[],
  style: Style,
): string {
  const shown = rowsOfEach.map((rows) =>
    rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, printable(value, 2000)] as const])),
  )
  const nameWidth = Math.max(0, ...shown.flat().map(([name]) => columnsOf(name)))
  const fits = shown.flat().every(([, value]) => nameWidth + 4 + columnsOf(value) <= style.width)
  const line = ([name, value]: readonly [string, string]) =>
    fits || style.width >= 60
      ? `  ${style.dim(padded(name, nameWidth))}  ${value}\n`
      : `  ${style.dim(name)}\n    ${value}\n`
  return shown.map((rows) => rows.map(line).join("")).join("\n")
}

/** Rows under a heading, columns aligned. Where a row would not fit the width, each becomes a block of `name  value` lines. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
  style: Style,
): string {
  const cells = rows.map((row) => headings.map((_, index) => printable(row[index] ?? "")))
  const widths = headings.map((heading, index) =>
    Math.max(columnsOf(heading), ...cells.map((row) => columnsOf(row[index] ?? ""))),
  )
  if (widths.reduce((sum, width) => sum + width + 2, 0) - 2 > style.width) {
    return blocks(
      cells.map((row) => headings.map((heading, index) => [heading, row[index] || undefined] as const)),
      style,
    )
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : padded(cell, widths[index] ?? 0)))
      .join("  ")
      .trimEnd()
  return `${[style.dim(line(headings)), ...cells.map(line)].join("\n")}\n`
}
