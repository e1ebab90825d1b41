import { median } from "../statistics.ts"
import type { Growth } from "../tables.ts"
import { element, label, MARGIN, type Panel, straightLine, WIDTH } from "./svg.ts"

const HEIGHT = 190
const TOP = 62
const AXIS = 44
const GAP = 28
/** From the ends of the axis to the first and the last size, whose number must fit in. */
const INSET = 28
/** What 20 % more is. */
const AIM = 1.2

type Point = { x: number; y: number }

/** What calls cost as sessions grow, against the fewest, one field a table side by side; a shape of mark and a colour a row. */
export function curves(tables: Growth[]): Panel {
  const width = (WIDTH - 2 * MARGIN - GAP * (tables.length - 1)) / tables.length - AXIS
  const most = Math.max(1.5, ...tables.flatMap((table) => table.rows.flatMap(({ values }) => costs(values))))
  const names = tables[0]?.rows.map(({ name }) => name) ?? []
  const fields = tables.map((table, index) => {
    const left = MARGIN + AXIS + index * (width + AXIS + GAP)
    return field(table, left, width, Math.ceil(most * 4) / 4)
  })
  const key = names.map((name, index) => {
    const x = MARGIN + index * 190
    return mark(index, { x: x + 6, y: 37 }) + label(x + 18, 41, name, "muted")
  })
  const title = label(MARGIN, 16, "Cost of a call as sessions grow, against a thousand sessions", "title")
  return { svg: title + key.join("") + fields.join(""), height: TOP + HEIGHT + 60 }
}

const costs = (values: number[][]) => {
  const rates = values.map(median)
  return rates.map((rate) => (rates[0] ?? Number.NaN) / rate)
}

function field({ title, sizes, rows }: Growth, left: number, width: number, most: number): string {
  const xOf = (index: number) => left + INSET + ((width - 2 * INSET) * index) / Math.max(1, sizes.length - 1)
  const yOf = (cost: number) => TOP + HEIGHT - (cost / most) * HEIGHT
  const right = left + width
  const lines = Array.from({ length: Math.floor(most * 2) + 1 }, (_, half) => half / 2).map(
    (cost) =>
      straightLine(left, yOf(cost), right, yOf(cost), "axis") +
      label(left - 8, yOf(cost) + 4, `${cost} ×`, "muted", "end"),
  )
  const aim = straightLine(left, yOf(AIM), right, yOf(AIM), "aim")
  const aimName = label(right, yOf(AIM) - 5, "aim: at most 1.2 ×", "muted", "end")
  const ticks = sizes.map((size, index) =>
    label(xOf(index), TOP + HEIGHT + 18, size.toLocaleString("en-US"), "muted", "middle"),
  )
  const drawn = rows.map(({ values }, row) => {
    const points = costs(values).map((cost, index) => ({ x: xOf(index), y: yOf(cost) }))
    const path = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")
    const curve = element("polyline", { points: path, class: `curve c${row}` })
    return curve + points.map((point) => mark(row, point)).join("")
  })
  const name = label(left, TOP + HEIGHT + 38, title.replace("As sessions grow, ", ""))
  return [...lines, aim, ...ticks, ...drawn, aimName, name].join("")
}

/** A circle, a square, a triangle or a diamond, so that curves can be told apart without colours. */
function mark(row: number, { x, y }: Point): string {
  const shape = { class: `mark c${row}` }
  const polygon = (points: string) => element("polygon", { ...shape, points })
  const at = (dx: number, dy: number) => `${(x + dx).toFixed(1)},${(y + dy).toFixed(1)}`
  if (row === 1) return element("rect", { ...shape, x: x - 4, y: y - 4, width: 8, height: 8 })
  if (row === 2) return polygon([at(0, -5), at(5, 4), at(-5, 4)].join(" "))
  if (row === 3) return polygon([at(0, -5.5), at(5.5, 0), at(0, 5.5), at(-5.5, 0)].join(" "))
  return element("circle", { ...shape, cx: x, cy: y, r: 4.5 })
}
