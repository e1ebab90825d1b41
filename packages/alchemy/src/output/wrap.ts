import { columnsOf, undressed } from "./width.ts"

/** Blanks at the beginning of a line, and the mark of a sentence: what follows below it begins in the same column. */
const HANGING = /^ *(?:[✓✗!·] )?/

/**
 * A text whose lines take at most `width` columns, broken between words. A word that is longer (an address, a code)
 * stays whole, on a line of its own; a command in backticks is broken only where it has to be. Lines that fit are left
 * as they are.
 */
export function wrapped(text: string, width: number): string {
  if (width === Number.POSITIVE_INFINITY) return text
  return text
    .split("\n")
    .map((line) => (columnsOf(line) <= width ? line : wrappedLine(line, width)))
    .join("\n")
}

/**
 * A text behind `before` on its first line, and in the same column on the others: `width` columns with what is before it.
 * @param before takes `indent` columns
 */
export function hanging(before: string, indent: number, text: string, width: number): string {
  const lines: string[] = []
  let line = before
  let column = indent
  let empty = true
  for (const { gap, word, columns } of wordsOf(text, width - indent)) {
    const blanks = empty ? "" : gap
    if (column + blanks.length + columns <= width) {
      line += blanks + word
      column += blanks.length + columns
    } else {
      if (undressed(line).trim() !== "") lines.push(line.trimEnd())
      // The indentation is given up before the word is broken.
      const fits = indent + columns <= width
      line = fits ? " ".repeat(indent) + word : word
      column = fits ? indent + columns : columns
    }
    empty = false
  }
  return [...lines, line.trimEnd()].join("\n")
}

function wrappedLine(line: string, width: number): string {
  const [start = ""] = HANGING.exec(undressed(line)) ?? []
  const words = line.trimStart()
  const blanks = line.length - words.length
  if (start.length === blanks) return hanging(line.slice(0, blanks), blanks, words, width)
  const end = line.indexOf(" ", blanks) + 1
  return hanging(line.slice(0, end), columnsOf(start), line.slice(end), width)
}

type Word = { gap: string; word: string; columns: number }

/** The words of a text and the blanks before each. What stands between backticks is one where it takes at most `room` columns. */
function wordsOf(text: string, room: number): Word[] {
  const words: Word[] = []
  for (const [, gap = "", code, rest = ""] of text.matchAll(
    /( *)(?:([^ `]*`[^`]*`[^ `]*)(?= |$)|([^ ]+))/g,
  )) {
    const columns = columnsOf(code ?? rest)
    if (code === undefined || columns <= room || !code.includes(" ")) {
      words.push({ gap, word: code ?? rest, columns })
      continue
    }
    for (const [, within = "", word = ""] of code.matchAll(/( *)([^ ]+)/g)) {
      words.push({ gap: within || gap, word, columns: columnsOf(word) })
    }
  }
  return words
}
