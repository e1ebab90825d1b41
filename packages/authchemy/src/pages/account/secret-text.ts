import { html } from "hono/html"
import type { Markup } from "../page.ts"

/**
 * A text to take along, with a button that copies it where the page's script `copy` runs.
 * @param options.id the text's element id, once in a page
 * @param options.describedBy the id of the element that says what it is
 */
export function secretText(options: { id: string; text: string; describedBy: string }): Markup {
  const { id, text, describedBy } = options
  return html`<div class="secret"><code id="${id}">${text}</code><button type="button" class="second small" data-copy="#${id}" aria-describedby="${describedBy}" hidden>Copy</button></div>`
}
