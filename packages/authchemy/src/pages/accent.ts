/** A colour as three numbers from 0 to 255: red, green, blue (sRGB). */
type Colour = readonly [number, number, number]

/** An accent colour in one colour scheme, as CSS hexadecimal colours. */
export type AccentShades = {
  accent: string
  /** For a control that the pointer is over. */
  strong: string
  /** For text on the accent. */
  on: string
}

/** WCAG 2.2, 1.4.3: text needs 4.5 to 1. Some more, because the ground beside a card is not quite its colour. */
const TEXT_CONTRAST = 4.8

/**
 * Makes an operator's accent colour fit both colour schemes: darker for the light one and lighter for the dark one, until text in it can be read on
 * the ground, and text on it as well.
 * @param accent `#rrggbb`
 * @param grounds what is behind text in that colour, `#rrggbb`
 */
export function accentShades(
  accent: string,
  grounds: { light: string; dark: string },
): { light: AccentShades; dark: AccentShades } {
  const given = colourOf(accent)
  return {
    light: shadesOf(given, colourOf(grounds.light), BLACK),
    dark: shadesOf(given, colourOf(grounds.dark), WHITE),
  }
}

const BLACK: Colour = [0, 0, 0]
const WHITE: Colour = [255, 255, 255]
/** Text on a light accent: near black, as all dark text of the pages. */
const INK: Colour = [4, 24, 22]

function shadesOf(given: Colour, ground: Colour, away: Colour): AccentShades {
  let accent = given
  for (let step = 1; contrast(accent, ground) < TEXT_CONTRAST; step++) accent = mix(given, away, step / 40)
  const on = contrast(WHITE, accent) >= contrast(INK, accent) ? WHITE : INK
  return { accent: hexOf(accent), strong: hexOf(mix(accent, away, 0.18)), on: hexOf(on) }
}

/** The contrast of two colours, 1 to 21 (WCAG 2.2, contrast ratio). */
function contrast(one: Colour, other: Colour): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((value) => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as unknown as Colour
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function mix([r, g, b]: Colour, [towardsR, towardsG, towardsB]: Colour, share: number): Colour {
  const part = (from: number, to: number) => Math.round(from + (to - from) * Math.min(1, share))
  return [part(r, towardsR), part(g, towardsG), part(b, towardsB)]
}

function colourOf(hex: string): Colour {
  const part = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16)
  return [part(1), part(3), part(5)]
}

function hexOf(colour: Colour): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`
}
