// Puts what BENCH_OUT holds into a Markdown document: a part's tables go between `<!-- bench growth -->` and `<!-- /bench growth -->`. Arguments: the JSON file, and the
// document.
import { readFileSync, writeFileSync } from "node:fs"
import { readResults } from "./results.ts"
import { markdown } from "./tables.ts"

const [from, document] = process.argv.slice(2)
if (from === undefined || document === undefined) {
  console.error(
    "document: two files are needed. Type: script/bench document results.json docs/performance.md",
  )
  process.exit(2)
}
let text = readFileSync(document, "utf8")
for (const [part, { measuredAt, machine, tables }] of Object.entries(readResults(from))) {
  const [start, end] = [`<!-- bench ${part} -->`, `<!-- /bench ${part} -->`]
  const [at, until] = [text.indexOf(start), text.indexOf(end)]
  if (at === -1 || until < at) {
    console.error(`document: ${document} has no ${start} … ${end}; that part is left out`)
    continue
  }
  const measured = `Measured on ${measuredAt.slice(0, 10)}: ${machine}.\n`
  const block = [start, ...tables.map(markdown), measured].join("\n")
  text = text.slice(0, at) + block + text.slice(until)
}
writeFileSync(document, text)
