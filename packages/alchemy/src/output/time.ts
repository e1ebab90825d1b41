import { printable } from "./printable.ts"

const DAY = 86_400_000

/** A moment for people, in UTC and relative to now: `2027-02-22 10:05 UTC (in 89 days)`. What is no moment is shown as it is. */
export function moment(iso: string, now: number): string {
  const time = Date.parse(iso)
  if (Number.isNaN(time)) return printable(iso, 60)
  const absolute = `${new Date(time)
    .toISOString()
    .replace("T", " ")
    .replace(/:[\d.]+Z$/, "")} UTC`
  const distance = span(Math.abs(time - now))
  if (time === now) return `${absolute} (now)`
  return `${absolute} (${time > now ? `in ${distance}` : `${distance} ago`})`
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

/** The day of a moment, in UTC: `2027-02-22`. What is no moment is shown as it is. */
export function day(iso: string): string {
  const time = Date.parse(iso)
  return Number.isNaN(time) ? printable(iso, 60) : new Date(time).toISOString().slice(0, 10)
}

/** How long ago a moment was: `5 minutes ago`. What is no moment is shown as it is. */
export function ago(iso: string, now: number): string {
  const time = Date.parse(iso)
  if (Number.isNaN(time)) return printable(iso, 60)
  return now - time < 1000 ? "just now" : `${span(now - time)} ago`
}
