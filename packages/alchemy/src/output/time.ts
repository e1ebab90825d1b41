const DAY = 86_400_000

/** A moment for people, in UTC and relative to now: `2027-02-22 10:05 UTC (in 89 days)`. */
export function moment(iso: string, now: number): string {
  const time = Date.parse(iso)
  if (Number.isNaN(time)) return iso
  const absolute = `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`
  const distance = span(Math.abs(time - now))
  return `${absolute} (${time >= now ? `in ${distance}` : `${distance} ago`})`
}

/** A duration of so many milliseconds in its largest whole unit: `89 days`, `1 hour`, `5 minutes`, `30 seconds`. */
export function span(milliseconds: number): string {
  const units = [
    [DAY, "day"],
    [3_600_000, "hour"],
    [60_000, "minute"],
    [1000, "second"],
  ] as const
  for (const [size, unit] of units) {
    const count = Math.floor(milliseconds / size)
    if (count >= 1) return `${count} ${unit}${count === 1 ? "" : "s"}`
  }
  return "less than a second"
}
