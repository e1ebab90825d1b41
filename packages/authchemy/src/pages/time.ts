import { html } from "hono/html"
import type { Markup } from "./page.ts"

/** A moment: milliseconds since the epoch, ISO 8601, or a date. */
export type Moment = number | string | Date

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** A moment as `23 Nov 2026, 22:05 UTC`. */
export function utc(moment: Moment): Markup {
  const date = new Date(moment)
  return timeElement(date, `${dayOf(date)}, ${date.toISOString().slice(11, 16)} UTC`)
}

/** The day of a moment as `23 Nov 2026`, in UTC. */
export function utcDay(moment: Moment): Markup {
  const date = new Date(moment)
  return timeElement(date, dayOf(date))
}

/** From this age on, a moment is told as a date, in milliseconds. */
const LONG_AGO = 30 * 86_400_000

/**
 * How long ago a moment was, as `3 minutes ago`; `just now` under a minute and where it lies ahead, because two servers' clocks differ; a date after 30 days.
 * @param now the present, in milliseconds since the epoch
 */
export function ago(moment: Moment, now: number): Markup {
  const date = new Date(moment)
  const age = now - date.getTime()
  return age >= LONG_AGO ? utc(date) : timeElement(date, inWords(Math.floor(age / 60_000)))
}

function inWords(minutes: number): string {
  if (minutes < 1) return "just now"
  if (minutes < 60) return counted(minutes, "minute")
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? counted(hours, "hour") : counted(Math.floor(hours / 24), "day")
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`
}

function dayOf(date: Date): string {
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`
}

function timeElement(date: Date, text: string): Markup {
  return html`<time datetime="${date.toISOString()}">${text}</time>`
}
