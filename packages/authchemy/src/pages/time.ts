import { html } from "hono/html"
import { agoInWords, dayInWords, momentInWords } from "../times-in-words.ts"
import type { Markup } from "./page.ts"

/** A moment: milliseconds since the epoch, ISO 8601, or a date. Words for people, with the moment itself for machines. */
type Moment = number | string | Date

/** A moment as `23 Nov 2026, 22:05 UTC`. */
export function utc(moment: Moment): Markup {
  return timeElement(moment, momentInWords)
}

/** The day of a moment as `23 Nov 2026`, in UTC. */
export function utcDay(moment: Moment): Markup {
  return timeElement(moment, dayInWords)
}

/** How long ago a moment was, as `3 minutes ago`; see `agoInWords`. @param now the present, in milliseconds since the epoch */
export function ago(moment: Moment, now: number): Markup {
  return timeElement(moment, (date) => agoInWords(date, now))
}

function timeElement(moment: Moment, inWords: (date: Date) => string): Markup {
  const date = new Date(moment)
  return html`<time datetime="${date.toISOString()}">${inWords(date)}</time>`
}
