import { formatFigure, type Latency } from "../tables.ts"
import { element, label, MARGIN, type Panel, straightLine, WIDTH } from "./svg.ts"

const ROW = 48
const HEAD = 34
const LEAST_MS = 0.1
const MOST_MS = 100
const AIMS = [
  { ms: 3, text: "aim p50: 3 ms" },
  { ms: 25, text: "aim p99: 25 ms" },
]

/** p50, p90 and p99 of each row on one logarithmic scale. */
export function latencies({ title, rows }: Latency): Panel {
  const width = WIDTH - 2 * MARGIN
  const xOf = (ms: number) => {
    const kept = Math.min(MOST_MS, Math.max(LEAST_MS, ms))
    return MARGIN + (Math.log(kept / LEAST_MS) / Math.log(MOST_MS / LEAST_MS)) * width
  }
  const bottom = HEAD + rows.length * ROW + 10
  const ticks = [0.1, 1, 10, 100].map((ms) => {
    const anchor = ms === LEAST_MS ? "start" : ms === MOST_MS ? "end" : "middle"
    return (
      straightLine(xOf(ms), HEAD, xOf(ms), bottom, "axis") +
      label(xOf(ms), bottom + 16, `${ms} ms`, "muted", anchor)
    )
  })
  const aims = AIMS.map(
    ({ ms, text }) =>
      straightLine(xOf(ms), HEAD, xOf(ms), bottom, "aim") +
      label(xOf(ms), bottom + 16, text, "muted", "middle"),
  )
  const drawn = rows.map(({ name, p50, p90, p99 }, index) => {
    const y = HEAD + index * ROW + 32
    const figures = `p50 ${formatFigure(p50)}, p90 ${formatFigure(p90)}, p99 ${formatFigure(p99)} ms`
    const dots = [p50, p90, p99].map((ms, dot) =>
      element("circle", { cx: xOf(ms), cy: y, r: 5 - dot, class: "own" }),
    )
    return [
      label(MARGIN, y - 14, `${name}: ${figures}`),
      straightLine(xOf(p50), y, xOf(p99), y, "range"),
      ...dots,
    ].join("")
  })
  const head = label(MARGIN, 16, `${title}: p50, p90, p99`, "title")
  return { svg: [head, ...ticks, ...aims, ...drawn].join(""), height: bottom + 40 }
}
