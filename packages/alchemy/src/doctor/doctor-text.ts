import type { Style } from "../output/style.ts"
import { columnsOf } from "../output/width.ts"
import { hanging } from "../output/wrap.ts"
import type { Verdict } from "./check.ts"
import type { CheckReport } from "./examine.ts"

/** What `auth doctor` says to a person: a line a check, below it what to do, and at the end the sum. Wrapped already. */
export function doctorText(reports: readonly CheckReport[], style: Style, fix: boolean): string {
  const column = Math.max(...reports.map(({ title }) => columnsOf(title))) + 4
  const lines = reports.flatMap(({ title, found, verdict, todo, fixed }) => {
    const name = title + " ".repeat(column - 4 - columnsOf(title))
    const below = (text: string) => hanging(" ".repeat(column), column, text, style.width)
    return [
      hanging(`${markOf(verdict, style)} ${style.dim(name)}  `, column, found, style.width),
      ...(fixed === undefined ? [] : [below(`${style.green("✓")} Mended: ${fixed}.`)]),
      ...(todo === undefined ? [] : [below(todo)]),
    ]
  })
  return `${lines.join("\n")}\n\n${hanging("", 0, summary(reports, style, fix), style.width)}\n`
}

function markOf(verdict: Verdict, style: Style): string {
  return { ok: style.green("✓"), note: style.yellow("!"), problem: style.red("✗") }[verdict]
}

function summary(reports: readonly CheckReport[], style: Style, fix: boolean): string {
  const count = (verdict: Verdict) => reports.filter((report) => report.verdict === verdict).length
  const [problems, notes] = [count("problem"), count("note")]
  const mended = reports.filter(({ fixed }) => fixed !== undefined).length
  const fixable = fix ? 0 : reports.filter((report) => report.fixable).length
  const said = [
    problems === 0
      ? `${style.green("✓")} Nothing is wrong, in ${reports.length} checks`
      : `${style.red("✗")} ${counted(problems, "problem")} in ${reports.length} checks`,
    notes === 0 ? "" : `, ${notes} worth a look`,
    mended === 0 ? "" : `, ${mended} mended`,
    ".",
    fixable === 0 ? "" : ` \`alchemy auth doctor --fix\` can do something about ${fixable}.`,
  ]
  return said.join("")
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`
}
