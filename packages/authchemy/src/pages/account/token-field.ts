import { html } from "hono/html"
import type { Markup } from "../page.ts"

/** Carries what proves to the server that a form was on this page. */
export function tokenField(formToken: string): Markup {
  return html`<input type="hidden" name="form_token" value="${formToken}">`
}
