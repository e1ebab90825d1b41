import { encode } from "uqr"

/** Black on white of the 256-colour palette, which themes leave alone, unlike the first sixteen. */
const BLACK_ON_WHITE = "\u001b[38;5;16;48;5;231m"
const RESET = "\u001b[0m"
/** More than this makes a code that no terminal shows in one piece, in UTF-16 code units. */
const LONGEST_TEXT = 300
/**
 * Light modules around the code: two at the sides, one above and below, where a line of the screen is dear.
 */
const QUIET_ZONE = 2

/**
 * A QR code for a terminal, two modules to a character. With colours dark on light, whatever the theme;
 * without them light modules are what is drawn, which is right on a dark terminal, and which most readers
 * take on a light one too.
 *
 * @returns its lines; `null` where they would not fit `columns` and `rows`
 */
export function qrCodeLines(
  text: string,
  options: { color: boolean; columns: number; rows: number },
): string[] | null {
  if (text.length > LONGEST_TEXT) return null
  const modules = encode(text, { ecc: "L", border: QUIET_ZONE }).data.slice(1, -1)
  const width = modules[0]?.length ?? 0
  if (width > options.columns || Math.ceil(modules.length / 2) > options.rows) return null
  return Array.from({ length: Math.ceil(modules.length / 2) }, (_, line) => {
    const upper = modules[2 * line] ?? []
    const lower = modules[2 * line + 1] ?? []
    const drawn = (dark: boolean | undefined) => (dark ?? false) === options.color
    const characters = Array.from({ length: width }, (_, column) =>
      halfBlock(drawn(upper[column]), drawn(lower[column])),
    ).join("")
    return options.color ? `${BLACK_ON_WHITE}${characters}${RESET}` : characters
  })
}

function halfBlock(upper: boolean, lower: boolean): string {
  if (upper) return lower ? "█" : "▀"
  return lower ? "▄" : " "
}
