/** Ports from `first` to `last`, both included. */
export type PortRange = { first: number; last: number }

/**
 * The ranges in what `netsh int ipv4 show excludedportrange protocol=tcp` prints on Windows. Its words are in the language of the
 * system, so only the lines count that consist of two ports, with or without the asterisk of an administered range.
 */
export function excludedPortRanges(output: string): PortRange[] {
  return output.split(/\r?\n/).flatMap((line) => {
    const [, first, last] = /^\s*(\d{1,5})\s+(\d{1,5})\s*\*?\s*$/.exec(line) ?? []
    const range = { first: Number(first), last: Number(last) }
    return range.first <= range.last && range.last <= 65_535 ? [range] : []
  })
}

/** The range that a port is in. */
export function rangeOf(port: number, ranges: readonly PortRange[]): PortRange | undefined {
  return ranges.find(({ first, last }) => first <= port && port <= last)
}
