import { tidyText } from "@authchemy/protocol"

/** What was typed into a field, as one line without control characters. */
export function lineIn(form: ReadonlyMap<string, string>, field: string): string {
  const typed = form.get(field) ?? ""
  return tidyText(typed, typed.length)
}

/** What was typed into a field of several lines: each tidied, line feeds between them, none empty at either end. */
export function linesIn(form: ReadonlyMap<string, string>, field: string): string {
  const lines = (form.get(field) ?? "").split(/\r\n|\r|\n/)
  return lines
    .map((line) => tidyText(line, line.length))
    .join("\n")
    .trim()
}
