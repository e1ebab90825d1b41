import { counted } from "./counts-in-words.ts"

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** From this age on, a moment is told as a date. */
const LONG_AGO_MS = 30 * DAY_MS

/** A moment as `23 Nov 2026, 22:05 UTC`: nobody knows where it is read. */
export function momentInWords(date: Date): string {
  return `${dayInWords(date)}, ${date.toISOString().slice(11, 16)} UTC`
}

/** The day of a moment as `23 Nov 2026`, in UTC. */
export function dayInWords(date: Date): string {
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`
}

/**
 * How long ago a moment was, as `40 seconds ago` or `3 minutes ago`. Under a second, and where it lies ahead because two servers' clocks differ, it was `just now`;
 * after 30 days it is told as the moment itself.
 * @param now the present, in milliseconds since the epoch
 */
export function agoInWords(date: Date, now: number): string {
  const age = now - date.getTime()
  if (age < SECOND_MS) return "just now"
  return age < LONG_AGO_MS ? `${spanInWords(age)} ago` : momentInWords(date)
}

function spanInWords(ms: number): string {
  if (ms < MINUTE_MS) return counted(Math.floor(ms / SECOND_MS), "second")
  if (ms < HOUR_MS) return counted(Math.floor(ms / MINUTE_MS), "minute")
  return ms < DAY_MS ? counted(Math.floor(ms / HOUR_MS), "hour") : counted(Math.floor(ms / DAY_MS), "day")
}

/** When something can be tried again, as a sentence: in whole minutes, and never before it is true. @param retryAfterSeconds as `Retry-After` says it */
export function tryAgainIn(retryAfterSeconds: number): string {
  const minutes = Math.ceil(retryAfterSeconds / 60)
  return `Try again in ${minutes <= 1 ? "a minute" : `${minutes} minutes`}.`
}
