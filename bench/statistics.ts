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

/** A Markdown table whose rows are the contenders: median, least and most, and the ratio of medians to the first one. */
export function table(title: string, unit: string, figures: Record<string, number[]>): string {
  const [floor = []] = Object.values(figures)
  const format = (value: number) =>
    value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3)
  const rows = Object.entries(figures).map(
    ([name, values]) =>
      `| ${name} | ${format(median(values))} | ${format(Math.min(...values))}–${format(Math.max(...values))} | ${(median(values) / median(floor)).toFixed(2)} |`,
  )
  return [`### ${title}`, "", `| | ${unit}, median | range | ratio |`, "|---|---|---|---|", ...rows, ""].join(
    "\n",
  )
}
