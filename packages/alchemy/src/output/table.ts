import { printable } from "./printable.ts"
import type { Style } from "./style.ts"
import { columnsOf } from "./width.ts"
import { hanging } from "./wrap.ts"

/** The columns that a value has at least where it stands beside its name and is wrapped. */
const LEAST_VALUE_COLUMNS = 30

const padded = (text: string, columns: number) => text + padding(text, columns)
const padding = (text: string, columns: number) => " ".repeat(Math.max(0, columns - columnsOf(text)))

/**
 * `name  value` lines, values aligned and wrapped at words; rows without a value are left out. Where the values would
 * have too little room, each goes below its name.
 */
export function fields(rows: readonly (readonly [string, string | undefined])[], style: Style): string {
  return blocks([rows], style)
}

/** Blocks of `fields`, all laid out alike, with an empty line between them. */
function blocks(
  rowsOfEach: readonly (readonly (readonly [string, string | undefined])[])[],
  style: Style,
): string {
  const shown = rowsOfEach.map((rows) =>
    rows.flatMap(([name, value]) =>
      value === undefined ? [] : [[printable(name), printable(value, 2000)] as const],
    ),
  )
  const all = shown.flat()
  const nameWidth = all.reduce((widest, [name]) => Math.max(widest, columnsOf(name)), 0)
  const room = style.width - nameWidth - 4
  const beside = room >= LEAST_VALUE_COLUMNS || all.every(([, value]) => columnsOf(value) <= room)
  const line = ([name, value]: readonly [string, string]) =>
    beside
      ? `${hanging(`  ${style.dim(name)}${padding(name, nameWidth)}  `, nameWidth + 4, value, style.width)}\n`
      : `${hanging("  ", 2, style.dim(name), style.width)}\n${hanging("    ", 4, value, style.width)}\n`
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
    cells.reduce((widest, row) => Math.max(widest, columnsOf(row[index] ?? "")), columnsOf(heading)),
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
