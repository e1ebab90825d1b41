// What a part of the bench has found out, as data, and as the Markdown that docs/performance.md is made of.
import { median, percentile } from "./statistics.ts"

/** A figure to reach, and whether it was. */
export type Aim = { text: string; reached: boolean }

/** Contenders side by side; the first one is the floor that ratios are to. */
export type Comparison = {
  kind: "comparison"
  title: string
  unit: string
  /** The name of a contender that a second ratio is to. */
  rival?: string
  rows: { name: string; values: number[]; aims: Aim[] }[]
}

/** The same work as the number of sessions grows: for each size, measurements a second. */
export type Growth = {
  kind: "growth"
  title: string
  unit: string
  sizes: number[]
  rows: { name: string; values: number[][]; aims: Aim[] }[]
}

/** How long calls take, in milliseconds. */
export type Latency = {
  kind: "latency"
  title: string
  rows: { name: string; count: number; p50: number; p90: number; p99: number; most: number; aims: Aim[] }[]
}

/** Single figures. */
export type Facts = {
  kind: "facts"
  title: string
  rows: { name: string; value: number; unit: string; aims: Aim[] }[]
}

export type Table = Comparison | Growth | Latency | Facts

/** The median must be at least `times` the median of `reference`, whose name is told. */
export function atLeastTimes(times: number, values: number[], name: string, reference: number[]): Aim {
  const ratio = median(values) / median(reference)
  return { text: `≥ ${times} × ${name} (${ratio.toFixed(2)})`, reached: ratio >= times }
}

/** The figure must be at least so much. */
export function atLeast(least: number, figure: number): Aim {
  return { text: `≥ ${formatFigure(least)}`, reached: figure >= least }
}

/** The figure must be at most so much. */
export function atMost(most: number, figure: number, name = ""): Aim {
  return { text: `${name}${name === "" ? "" : " "}≤ ${formatFigure(most)}`, reached: figure <= most }
}

/** How much more the work costs at the size where it costs most than at the first size, by medians of rates; 1.2 is 20 % more. */
export function growthOf(values: number[][]): number {
  const [first = Number.NaN, ...others] = values.map(median)
  return Math.max(...others.map((rate) => first / rate))
}

/** A row of a `Latency` table. @param values milliseconds, one a call */
export function latencyRow(
  name: string,
  values: number[],
  aims: (row: { p50: number; p99: number }) => Aim[],
) {
  const [p50 = 0, p90 = 0, p99 = 0, most = 0] = [0.5, 0.9, 0.99, 1].map((share) => percentile(values, share))
  return { name, count: values.length, p50, p90, p99, most, aims: aims({ p50, p99 }) }
}

/** A number as the tables show it: three digits, or whole with separators. */
export function formatFigure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US")
  return String(Number(value.toPrecision(3)))
}

/** The table in Markdown, with its title as a heading. */
export function markdown(table: Table): string {
  const [heads, ...rows] = cells(table)
  if (heads === undefined) throw new Error("a table without a head")
  const rule = `|${"---|".repeat(heads.length)}`
  return [`### ${table.title}`, "", line(heads), rule, ...rows.map(line), ""].join("\n")
}

function cells(table: Table): string[][] {
  switch (table.kind) {
    case "comparison":
      return comparisonCells(table)
    case "growth":
      return [
        ["", ...table.sizes.map((size) => `${size.toLocaleString("en-US")} sessions`), "costs more", "aim"],
        ...table.rows.map(({ name, values, aims }) => [
          ...[name, ...values.map((list) => formatFigure(median(list)))],
          ...[`${((growthOf(values) - 1) * 100).toFixed(0)} %`, aimCell(aims)],
        ]),
      ]
    case "latency":
      return [
        ["", "calls", "ms, p50", "p90", "p99", "most", "aim"],
        ...table.rows.map(({ name, count, p50, p90, p99, most, aims }) => [
          name,
          ...[count, p50, p90, p99, most].map(formatFigure),
          aimCell(aims),
        ]),
      ]
    case "facts":
      return [
        ["", "", "aim"],
        ...table.rows.map(({ name, value, unit, aims }) => [
          ...[name, `${formatFigure(value)} ${unit}`, aimCell(aims)],
        ]),
      ]
  }
}

function comparisonCells({ unit, rows, rival }: Comparison): string[][] {
  const [floor] = rows
  const references = [floor, rows.find(({ name }) => name === rival)].filter((row) => row !== undefined)
  return [
    [
      ...["", `${unit}, median`, "range", "ratio"],
      ...references.slice(1).map(({ name }) => `to ${name}`),
      "aim",
    ],
    ...rows.map(({ name, values, aims }) => [
      ...[name, formatFigure(median(values))],
      `${formatFigure(Math.min(...values))}–${formatFigure(Math.max(...values))}`,
      ...references.map((reference) => (median(values) / median(reference.values)).toFixed(2)),
      aimCell(aims),
    ]),
  ]
}

function aimCell(aims: Aim[]): string {
  return aims.map(({ text, reached }) => `${text}: ${reached ? "reached" : "not reached"}`).join("; ")
}

function line(row: string[]): string {
  return `|${row.map((cell) => (cell === "" ? " " : ` ${cell} `)).join("|")}|`
}
