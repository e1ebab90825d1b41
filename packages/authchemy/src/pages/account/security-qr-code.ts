import { html } from "hono/html"
import { encode } from "uqr"
import type { Markup } from "../page.ts"

/** Light modules around the code: ISO/IEC 18004 asks for four. The page's white frame is one or two of them. */
const QUIET_ZONE = 3

/** A QR code as an SVG picture, dark on light whatever the scheme. @param name says what it is to whoever cannot see it */
export function qrCode(text: string, name: string): Markup {
  const rows = encode(text, { ecc: "L", border: QUIET_ZONE }).data
  return html`<svg viewBox="0 0 ${rows.length} ${rows.length}" role="img" aria-label="${name}" shape-rendering="crispEdges"><path stroke="#000" d="${rows.map(strokesOf).join("")}"/></svg>`
}

/** The dark modules of a row, drawn along its middle: neighbours in one stroke, which keeps the page small. */
function strokesOf(row: readonly boolean[], y: number): string {
  let path = ""
  let end = 0
  for (const [x] of row.entries()) {
    if (row[x] !== true || row[x - 1] === true) continue
    let length = 1
    while (row[x + length] === true) length++
    path += path === "" ? `M${x} ${y + 0.5}h${length}` : `m${x - end} 0h${length}`
    end = x + length
  }
  return path
}
