// Draws what BENCH_OUT holds. Arguments: the JSON file, and the SVG file that is written.
import { writeFileSync } from "node:fs"
import { bars } from "./plot/bars.ts"
import { curves } from "./plot/curves.ts"
import { latencies } from "./plot/latencies.ts"
import { element, escapeXml, label, MARGIN, type Panel, STYLE, WIDTH } from "./plot/svg.ts"
import { type Results, readResults } from "./results.ts"
import { median } from "./statistics.ts"
import { formatFigure, type Table } from "./tables.ts"

const OWN = /^`(GET|POST) \/|Authchemy/

function panelsOf(results: Results): Panel[] {
  const tables = Object.values(results).flatMap((part) => part.tables)
  const growths = tables.filter((table) => table.kind === "growth")
  const overHttp = results.verification?.tables ?? []
  const panels: Panel[] = []
  for (const table of overHttp) if (table.kind === "comparison") panels.push(bars(table, OWN))
  if (growths.length > 0) panels.push(curves(growths))
  for (const table of tables) if (table.kind === "latency") panels.push(latencies(table))
  return panels
}

/** The figures in words, for who does not see the drawing. */
function describe(tables: Table[]): string {
  const sentences = tables.flatMap((table) => {
    if (table.kind === "comparison") {
      const rows = table.rows.map(({ name, values }) => `${name} ${formatFigure(median(values))}`)
      return [`${table.title}, ${table.unit}: ${rows.join("; ")}.`]
    }
    if (table.kind === "latency") {
      const rows = table.rows.map(
        ({ name, p50, p99 }) => `${name}: p50 ${formatFigure(p50)} ms, p99 ${formatFigure(p99)} ms`,
      )
      return [`${table.title}. ${rows.join("; ")}.`]
    }
    return []
  })
  return sentences.join(" ").replaceAll("`", "")
}

const [from, to] = process.argv.slice(2)
if (from === undefined || to === undefined) {
  console.error("plot: two files are needed. Type: script/bench plot results.json plot.svg")
  process.exit(2)
}
const results = readResults(from)
const panels = panelsOf(results)
const [first] = Object.values(results)
let y = MARGIN
const placed = panels.map(({ svg, height }) => {
  const group = element("g", { transform: `translate(0 ${Math.round(y)})` }, svg)
  y += height
  return group
})
const height = Math.round(y + 20)
const described = [
  ...(results.verification?.tables ?? []),
  ...(results.growth?.tables ?? []),
  ...(results.revocation?.tables ?? []),
]
const svg = element(
  "svg",
  {
    ...{ xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height },
    ...{ role: "img", "aria-labelledby": "title description" },
  },
  element("title", { id: "title" }, "Performance of Authchemy beside others"),
  element("desc", { id: "description" }, escapeXml(describe(described))),
  element("style", {}, STYLE),
  element("rect", { width: WIDTH, height, class: "paper" }),
  ...placed,
  label(MARGIN, height - 14, `${first?.machine ?? ""}. Measured by script/bench.`, "muted"),
)
writeFileSync(to, `${svg}\n`)
