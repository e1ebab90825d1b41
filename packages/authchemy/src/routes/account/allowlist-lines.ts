import { AllowlistEntries, type AllowlistEntry, type AllowlistField } from "@authchemy/protocol"
import * as v from "valibot"
import { allowlistProblem } from "../../admin/allowlist-entries.ts"

/**
 * Reads an allow-list as people type it: an entry a line, `value` or `value # name`; empty lines do not count. What it takes is what the admin API takes.
 * @returns the entries, or what is wrong with the first line that is, in a sentence that names the line
 */
export function parseAllowlist(
  field: AllowlistField,
  text: string,
): { entries: AllowlistEntry[] } | { message: string } {
  const entries: AllowlistEntry[] = []
  const lineNumbers: number[] = []
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue
    const entry = parseLine(line.trim())
    if (entry === null)
      return { message: `Line ${index + 1}: after the entry, only a # and its name may follow.` }
    entries.push(entry)
    lineNumbers.push(index + 1)
  }
  const lineOf = (index: number) => `Line ${lineNumbers[index]}`
  const shaped = v.safeParse(AllowlistEntries, entries, { abortEarly: true })
  if (!shaped.success) {
    const [issue] = shaped.issues
    const [place, part] = issue.path ?? []
    if (typeof place?.key !== "number") return { message: `The list ${issue.message}.` }
    return {
      message: `${lineOf(place.key)}: the ${part?.key === "name" ? "name" : "entry"} ${issue.message}.`,
    }
  }
  const problem = allowlistProblem(field, entries)
  if (problem === null) return { entries }
  const rule =
    "sameAs" in problem ? `is in the list already, on line ${lineNumbers[problem.sameAs]}` : problem.rule
  return { message: `${lineOf(problem.index)}: ${rule}.` }
}

const ENTRY = /^(?<value>[^\s#]\S*)(?:\s+#\s*(?<name>.*))?$/

/** `null`: something else stands after the value, or there is none. */
function parseLine(line: string): AllowlistEntry | null {
  const { value, name = "" } = ENTRY.exec(line)?.groups ?? {}
  if (value === undefined) return null
  return name === "" ? { value } : { value, name }
}
