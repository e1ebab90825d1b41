/** The middle value; the mean of the two middle ones where their number is even. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = Number.NaN, high = Number.NaN] = [sorted[(sorted.length - 1) >> 1], sorted[middle]]
  return (low + high) / 2
}

/**
 * Measures several things in turn, round after round, so that a machine whose speed drifts touches all alike.
 * @returns each one's measurements, by name
 */
export async function inTurn(
  rounds: number,
  contenders: Record<string, () => Promise<number> | number>,
): Promise<Record<string, number[]>> {
  const figures: Record<string, number[]> = {}
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(contenders)) {
      const list = figures[name] ?? []
      figures[name] = list
      list.push(await measure())
    }
  }
  return figures
}

/**
 * A Markdown table whose rows are the contenders: median, least and most, and the ratio of medians to the first one.
 * @param rival the name of a contender that a second ratio is to
 */
export function table(
  title: string,
  unit: string,
  figures: Record<string, number[]>,
  rival?: string,
): string {
  const [floor = []] = Object.values(figures)
  const others = rival === undefined ? [] : [{ name: rival, values: figures[rival] ?? [] }]
  const format = (value: number) =>
    value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3)
  const row = (...cells: string[]) => `|${cells.map((cell) => (cell === "" ? " " : ` ${cell} `)).join("|")}|`
  const rows = Object.entries(figures).map(([name, values]) => {
    const ratios = [floor, ...others.map((other) => other.values)].map((reference) =>
      (median(values) / median(reference)).toFixed(2),
    )
    const range = `${format(Math.min(...values))}–${format(Math.max(...values))}`
    return row(name, format(median(values)), range, ...ratios)
  })
  const heads = ["", `${unit}, median`, "range", "ratio", ...others.map(({ name }) => `to ${name}`)]
  const rule = `|${"---|".repeat(heads.length)}`
  return [`### ${title}`, "", row(...heads), rule, ...rows, ""].join("\n")
}
