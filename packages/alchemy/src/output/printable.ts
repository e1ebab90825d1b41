/** What may need more than a glance. Looking for Unicode's categories takes half a millisecond to begin with. */
const UNUSUAL = /[^\x20-\x7e…]/

/**
 * Text from a server, a file or an argument as it may reach a terminal: one line, without control characters, direction
 * overrides and lone surrogates (Unicode Cc, Cf, Zl, Zp, Cs), cut at `longest` UTF-16 code units.
 */
export function printable(text: string, longest = 500): string {
  const safe = UNUSUAL.test(text) ? text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ") : text
  const line = safe.trim()
  return line.length <= longest ? line : `${Array.from(line.slice(0, longest - 1)).join("")}…`
}

/**
 * A value as JSON with every character escaped that a terminal could act on: C1 controls, direction overrides and line
 * separators as well as those that JSON itself escapes. `indent` spreads it over several lines.
 */
export function jsonText(value: unknown, indent = 0): string {
  const json = JSON.stringify(value, null, indent)
  if (!UNUSUAL.test(json)) return json
  return json.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === "\n"
      ? character
      : Array.from(
          { length: character.length },
          (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
        ).join(""),
  )
}
