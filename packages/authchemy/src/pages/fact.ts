import { html } from "hono/html"
import type { Markup } from "./page.ts"

/** A line of a `facts` list. What a program did not say of itself is said to be not stated. */
export function fact(term: string, value: string | Markup | undefined): Markup {
  return html`<div><dt>${term}</dt>${isStated(value) ? html`<dd><bdi>${value}</bdi></dd>` : html`<dd class="unstated">not stated</dd>`}</div>`
}

/** Whether a program said something of itself. */
export function isStated<Value>(claim: Value | undefined): claim is Value {
  return claim !== undefined && claim !== "" && claim !== "unknown"
}
