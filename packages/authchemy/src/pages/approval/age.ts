import { html } from "hono/html"
import type { Markup } from "../page.ts"

/**
 * How long ago a moment was, as `40 seconds ago` or `3 minutes ago`, with the moment itself in UTC for machines. Under a second, and
 * where the moment lies ahead because two servers' clocks differ, it was `just now`.
 * @param at the moment, in milliseconds since the epoch
 * @param now the present, likewise
 */
export function age(at: number, now: number): Markup {
  return html`<time datetime="${new Date(at).toISOString()}">${inWords(Math.floor((now - at) / 1000))}</time>`
}

function inWords(seconds: number): string {
  if (seconds < 1) return "just now"
  return seconds < 60
    ? `${counted(seconds, "second")} ago`
    : `${counted(Math.floor(seconds / 60), "minute")} ago`
}

function counted(count: number, unit: string): string {
  return count === 1 ? `1 ${unit}` : `${count} ${unit}s`
}
