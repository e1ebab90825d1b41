import { median } from "../statistics.ts"
import { type Comparison, formatFigure } from "../tables.ts"
import { element, label, MARGIN, type Panel, WIDTH } from "./svg.ts"

const LABELS = 330
const ROW = 26
const HEAD = 30
/** Room for the figure at the end of a bar. */
const FIGURE = 70

/** The contenders of a comparison as bars: the floor pale, Authchemy's in colour, the others grey. @param own tells Authchemy's by their names */
export function bars(table: Comparison, own: RegExp): Panel {
  const medians = table.rows.map(({ name, values }) => ({ name, value: median(values) }))
  const most = Math.max(...medians.map(({ value }) => value))
  const width = WIDTH - 2 * MARGIN - LABELS - FIGURE
  const left = MARGIN + LABELS
  const rows = medians.map(({ name, value }, index) => {
    const y = HEAD + index * ROW
    const kind = index === 0 ? "floor" : own.test(name) ? "own" : "peer"
    const length = Math.max(1, (value / most) * width)
    return [
      label(left - 10, y + 16, name, "label", "end"),
      element("rect", { x: left, y: y + 3, width: length, height: ROW - 8, rx: 2, class: kind }),
      label(left + length + 8, y + 16, formatFigure(value)),
    ].join("")
  })
  const title = label(MARGIN, 16, `${table.title}, ${table.unit}`, "title")
  return { svg: title + rows.join(""), height: HEAD + rows.length * ROW + 24 }
}
