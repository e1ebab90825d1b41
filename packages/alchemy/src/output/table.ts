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

type Rows = readonly (readonly (string | undefined)[])[]

/**
 * Rows under a heading, columns aligned. Where a row would not fit the width, each becomes a block of `name  value` lines.
 * @param more.dispensable headings of columns that are given up before that, the first one first; what is missing is said
 */
export function table(
  headings: readonly string[],
  rows: Rows,
  style: Style,
  { dispensable = [] }: { dispensable?: readonly string[] } = {},
): string {
  for (let without = 0; without <= dispensable.length; without++) {
    const missing = dispensable.slice(0, without)
    const kept = headings.flatMap((heading, index) => (missing.includes(heading) ? [] : [index]))
    const shown = aligned(
      kept.map((index) => headings[index] ?? ""),
      rows.map((row) => kept.map((index) => row[index])),
      style,
    )
    if (shown === null) continue
    if (without === 0) return shown
    const note = `Without ${missing.join(" and ")}, for want of room; --json has all.`
    return `${shown}\n${style.dim(note)}\n`
  }
  return blocks(
    rows.map((row) => headings.map((heading, index) => [heading, row[index] || undefined] as const)),
    style,
  )
}

/** `null` where it does not fit the width. */
function aligned(headings: readonly string[], rows: Rows, style: Style): string | null {
  const cells = rows.map((row) => headings.map((_, index) => printable(row[index] ?? "")))
  const widths = headings.map((heading, index) =>
    cells.reduce((widest, row) => Math.max(widest, columnsOf(row[index] ?? "")), columnsOf(heading)),
  )
  if (widths.reduce((sum, width) => sum + width + 2, 0) - 2 > style.width) return null
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : padded(cell, widths[index] ?? 0)))
      .join("  ")
      .trimEnd()
  return `${[style.dim(line(headings)), ...cells.map(line)].join("\n")}\n`
}
