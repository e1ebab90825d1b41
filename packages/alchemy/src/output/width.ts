/** What a terminal acts on and does not show: colours (SGR) and hyperlinks (OSC 8), as `style.ts` writes them. */
const ESCAPES = /\u001b(?:\[[\d;]*[A-Za-z]|\]8;[^\u0007\u001b]*(?:\u0007|\u001b\\))/g

/** Characters that may belong to the one before them. */
const JOINING = /[\p{M}\p{Cf}\p{RI}\p{Emoji_Modifier}]/u
const EMOJI_SEQUENCE = /\ufe0f|\u200d|\p{RI}\p{RI}|\p{Emoji_Modifier}/u
/** Marks that are drawn over their neighbour, what is not drawn, and the later parts of a Hangul syllable. */
const NO_COLUMN = /[\p{Mn}\p{Me}\p{Cc}\u1160-\u11ff\ud7b0-\ud7ff]|(?!\u00ad)\p{Cf}/u
/** East Asian Wide and Fullwidth (Unicode Standard Annex 11), and emoji that are shown as pictures. */
const TWO_COLUMNS =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d376}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u

/** A text without colours and hyperlinks. */
export function undressed(text: string): string {
  return text.includes("\u001b") ? text.replace(ESCAPES, "") : text
}

/** The columns a text takes on a terminal: two for CJK and emoji, none for combining marks, colours and hyperlinks. */
export function columnsOf(text: string): number {
  const shown = undressed(text)
  if (/^[\x20-\x7e]*$/.test(shown)) return shown.length
  return clusters(shown).reduce((sum, cluster) => sum + columnsOfCluster(cluster), 0)
}

/** A text without escapes, cut at `columns`; what is missing is said by `ellipsis`. */
export function cut(text: string, columns: number, ellipsis = "…"): string {
  if (columnsOf(text) <= columns) return text
  const room = columns - columnsOf(ellipsis)
  if (room < 0) return ""
  let kept = ""
  let taken = 0
  for (const cluster of clusters(text)) {
    taken += columnsOfCluster(cluster)
    if (taken > room) break
    kept += cluster
  }
  return `${kept.trimEnd()}${ellipsis}`
}

/** What a person takes for one character each. `Intl.Segmenter` takes milliseconds to load: only where it is needed. */
function clusters(text: string): string[] {
  if (!JOINING.test(text)) return Array.from(text)
  return Array.from(new Intl.Segmenter("en").segment(text), ({ segment }) => segment)
}

function columnsOfCluster(cluster: string): number {
  if (EMOJI_SEQUENCE.test(cluster) && /\p{Emoji}/u.test(cluster)) return 2
  let columns = 0
  for (const character of cluster) {
    if (NO_COLUMN.test(character)) continue
    columns += TWO_COLUMNS.test(character) ? 2 : 1
  }
  return columns
}
