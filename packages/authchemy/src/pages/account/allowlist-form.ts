import { ALLOWLISTS, type Allowlist, type AllowlistEntry } from "@authchemy/protocol"
import { html } from "hono/html"
import { type FormProblem, textArea } from "../form-field.ts"
import type { Markup } from "../page.ts"
import { tokenField } from "./token-field.ts"

/** The allow-lists by their paths' last segments, as people know them. */
const LISTS: Readonly<Record<Allowlist, { title: string; save: string; hint: string }>> = {
  "address-allowlist": {
    title: "Allowed addresses",
    save: "Save addresses",
    hint: "Blockchain addresses that may be asked about, such as 0x and 40 hex digits.",
  },
  "origin-allowlist": {
    title: "Allowed origins",
    save: "Save origins",
    hint: "Web sites that may call, such as https://example.com or https://*.example.com.",
  },
  "ip-allowlist": {
    title: "Allowed IP addresses",
    save: "Save IP addresses",
    hint: "Networks that may call, such as 203.0.113.9 or 2001:db8::/32.",
  },
}

/** An allow-list as it stands in a form: an entry a line, its name after a `#`. */
export function allowlistText(entries: readonly AllowlistEntry[]): string {
  return entries.map(entryLine).join("\n")
}

function entryLine({ value, name }: AllowlistEntry): string {
  return name === undefined ? value : `${value} # ${name.replace(/\s+/g, " ")}`
}

/**
 * The form of one allow-list.
 * @param form.app its path
 * @param form.tag of the app as it was read
 * @param form.entries those that the app has
 * @param form.typed what was typed into the form when it was refused; `null`: it was not
 * @param form.conflict whether it was refused because something else has changed the app
 */
export function allowlistForm(form: {
  app: string
  tag: string
  allowlist: Allowlist
  entries: readonly AllowlistEntry[]
  typed: string | null
  conflict: boolean
  problem: FormProblem | null
  formToken: string
}): Markup {
  const { allowlist, entries, typed, problem } = form
  const field = ALLOWLISTS[allowlist]
  const { title, save, hint } = LISTS[allowlist]
  const text = typed ?? allowlistText(entries)
  return html`<form method="post" action="${form.app}/${allowlist}">
${tokenField(form.formToken)}
<input type="hidden" name="tag" value="${form.tag}">
${textArea({ name: field, label: title, value: text, rows: rowsFor(text), hint: form.conflict ? html`${hint} ${presentEntries(entries)}` : hint, problem })}
<button type="submit" class="second">${save}</button>
</form>`
}

/** What the app has now, beside what was typed. */
function presentEntries(entries: readonly AllowlistEntry[]): Markup {
  if (entries.length === 0) return html`<strong>The list is empty now.</strong>`
  return html`<strong>The list now has:</strong> ${entries.map((entry, index) => html`${index === 0 ? "" : "; "}<code>${entryLine(entry)}</code>`)}`
}

const FEWEST_ROWS = 3
const MOST_ROWS = 12

/** Enough lines to see the whole of a short list. */
function rowsFor(text: string): number {
  return Math.min(Math.max(text.split("\n").length + 1, FEWEST_ROWS), MOST_ROWS)
}
