import { qrCodeLines } from "../../packages/alchemy/src/output/qr-code.ts"
import { columnsOf, undressed } from "../../packages/alchemy/src/output/width.ts"
import { MACHINE } from "./machine.ts"

/** What differs from tour to tour, each replaced by something fixed of the same width where that is possible. */
export type Placeholders = {
  /** The text with placeholders, lines broken at `columns` as the terminal broke them. */
  replace(text: string, columns: number): string
}

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const HEX = "0123456789abcdef"
const CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
const PHRASES = [
  "copper-lantern-meadow-violin",
  "amber-river-quilt-otter",
  "maple-comet-walnut-harbor",
  "cedar-prism-lemon-raven",
]
const FIRST_PORT = 14_000
/** The command's own, which is the same everywhere. */
const CALLBACK_PORT = "16424"

/** Kinds of values, each with the pattern that finds one. What is in the first group is replaced, else the whole match. */
const KINDS: readonly { pattern: RegExp; letters: string }[] = [
  { pattern: /\balchemy_[a-z]{2}_([0-9A-Za-z]{53})\b/g, letters: LETTERS },
  { pattern: /\balchemy_[a-z]{2}_([0-9A-Za-z]{4}…[0-9A-Za-z]{4})/g, letters: LETTERS },
  { pattern: /(?<![\w-])([\w-]{4}…[\w-]{4})(?![\w-])/g, letters: LETTERS },
  { pattern: /\b(?:state|code_challenge)=([\w-]{43})/g, letters: LETTERS },
  { pattern: /\bapp_([\w-]{16})(?![\w-])/g, letters: LETTERS },
  { pattern: /\bkey_([\w-]{12})(?![\w-])/g, letters: LETTERS },
  { pattern: /--complete\s+([\w-]{16,})/g, letters: HEX },
  { pattern: /--cursor\s+([\w-]{16,})/g, letters: LETTERS },
  {
    pattern: new RegExp(`(?<![\\w-])([${CODE_LETTERS}]{4}-[${CODE_LETTERS}]{4})(?![\\w-])`, "g"),
    letters: CODE_LETTERS,
  },
]

/**
 * @param tour.home the home directory that stands for `/home/ada`
 * @param tour.ids further values that differ, which have no form of their own, for example session ids
 */
export function createPlaceholders(tour: { home: string; ids: () => readonly string[] }): Placeholders {
  const known = new Map<string, string>()
  const counters = new Map<string, number>()
  const next = (kind: string) => {
    const count = (counters.get(kind) ?? 0) + 1
    counters.set(kind, count)
    return count
  }
  const placeholderFor = (value: string, letters: string) => {
    const placeholder = known.get(value) ?? likeness(value, next(letters), letters)
    known.set(value, placeholder)
    return placeholder
  }
  const phraseFor = (phrase: string) => {
    const placeholder = known.get(phrase) ?? PHRASES[(next("phrase") - 1) % PHRASES.length] ?? phrase
    known.set(phrase, placeholder)
    return placeholder
  }
  const portFor = (port: string) => {
    if (port === CALLBACK_PORT) return port
    const placeholder = known.get(port) ?? String(FIRST_PORT + next("port") - 1)
    known.set(port, placeholder)
    return placeholder
  }
  return {
    replace(text, columns) {
      let replaced = text.replaceAll(tour.home, MACHINE.home)
      for (const { pattern, letters } of KINDS) {
        replaced = replaced.replace(pattern, (whole, value: string) =>
          whole.replace(value, placeholderFor(value, letters)),
        )
      }
      for (const id of tour.ids()) {
        if (id !== "") replaced = replaced.replaceAll(id, placeholderFor(id, LETTERS))
      }
      replaced = replaced
        .replace(/(?<=\b(?:localhost|127\.0\.0\.1|\[::1\])(?::|%3A))\d{5}\b/g, portFor)
        .replace(/(?<![\w-])[a-z]{3,8}(?:-[a-z]{3,8}){3}(?![\w-])/g, phraseFor)
        .replace(/\b\d+ ms\b/g, "12 ms")
        .replace(/(?<=T\d\d:\d\d:)\d\d\.\d{3}Z/g, "00.000Z")
        .replace(/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] /gm, "⠋ ")
      return brokenAt(columns, withQrCodes(replaced))
    },
  }
}

/** A text of the same form: letters and digits come from the alphabet, by a sequence that the number begins. */
function likeness(value: string, number: number, letters: string): string {
  let seed = (number * 2_654_435_761) >>> 0
  return value.replace(/[0-9A-Za-z_-]/g, (character) => {
    if (letters !== LETTERS && character === "-") return "-"
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return letters[(seed >>> 16) % letters.length] ?? character
  })
}

/** Every QR code becomes that of the address that stands below it. */
function withQrCodes(text: string): string {
  const lines = text.split("\n")
  const isCode = (line: string | undefined) =>
    line !== undefined && columnsOf(line) > 20 && /^[ ▀▄█]+$/.test(line)
  for (let first = 0; first < lines.length; first++) {
    if (!isCode(lines[first])) continue
    let end = first
    while (isCode(lines[end]) || lines[end]?.trim() === "") end++
    const below = lines.slice(end).join("\n")
    const [address = ""] = /http\S+\/device/.exec(below) ?? []
    const [userCode = ""] = new RegExp(`[${CODE_LETTERS}]{4}-[${CODE_LETTERS}]{4}`).exec(below) ?? []
    const drawn = qrCodeLines(`${address}?user_code=${userCode}`, { color: true, columns: 200, rows: 200 })
    if (drawn === null) continue
    lines.splice(first, end - first, ...drawn.map((line) => undressed(line).trimEnd()))
    first += drawn.length
  }
  return lines.join("\n")
}

function brokenAt(columns: number, text: string): string {
  return text
    .split("\n")
    .flatMap((line) => {
      const parts: string[] = []
      let rest = Array.from(line)
      while (columnsOf(rest.join("")) > columns) {
        let taken = columns
        while (columnsOf(rest.slice(0, taken).join("")) > columns) taken--
        parts.push(rest.slice(0, taken).join(""))
        rest = rest.slice(taken)
      }
      return [...parts, rest.join("")]
    })
    .join("\n")
}
