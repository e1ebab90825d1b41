// Pieces of SVG as text.

type Attributes = Record<string, string | number>

/** An element; its attributes are escaped, its children are SVG already. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? rounded(value) : escapeXml(value)}"`)
    .join("")
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`
}

/** A line of text, without the marks of Markdown. @param kind a class of the style sheet */
export function label(x: number, y: number, text: string, kind = "label", anchor = "start"): string {
  return element("text", { x, y, class: kind, "text-anchor": anchor }, escapeXml(text.replaceAll("`", "")))
}

/** A straight line. @param kind a class of the style sheet */
export function straightLine(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return element("line", { x1, y1, x2, y2, class: kind })
}

/** Text as it may stand in SVG. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** A part of the drawing and the height it takes. */
export type Panel = { svg: string; height: number }

/** How wide the drawing is; panels keep `MARGIN` free on both sides. */
export const WIDTH = 880
export const MARGIN = 24

/** Colours for light and for dark surroundings, by class. */
export const STYLE = `
svg { --paper: #ffffff; --ink: #1f2328; --muted: #59636e; --faint: #d1d9e0; --own: #0a58ca; --peer: #8c959f; --two: #9a3412; --three: #116329; --four: #6f42c1; }
@media (prefers-color-scheme: dark) {
svg { --paper: #0d1117; --ink: #e6edf3; --muted: #9da7b3; --faint: #3d444d; --own: #6cb6ff; --peer: #768390; --two: #f0a06a; --three: #6bc46d; --four: #c5a5f5; }
}
text { font-family: system-ui, -apple-system, "Segoe UI", sans-serif; font-size: 13px; fill: var(--ink); stroke: var(--paper); stroke-width: 4px; paint-order: stroke; stroke-linejoin: round; }
.title { font-size: 17px; font-weight: 600; }
.muted { fill: var(--muted); font-size: 12px; }
.paper { fill: var(--paper); }
.own { fill: var(--own); }
.peer, .floor { fill: var(--peer); }
.floor { opacity: 0.55; }
.axis { stroke: var(--faint); stroke-width: 1; }
.aim { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 2 4; }
.curve { fill: none; stroke-width: 2; }
.mark { stroke: none; }
.c0 { --curve: var(--own); } .c1 { --curve: var(--two); } .c2 { --curve: var(--three); } .c3 { --curve: var(--four); }
.curve.c0, .curve.c1, .curve.c2, .curve.c3 { stroke: var(--curve); }
.mark.c0, .mark.c1, .mark.c2, .mark.c3 { fill: var(--curve); }
.range { stroke: var(--own); stroke-width: 2; }
`
