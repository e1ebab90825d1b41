import { html } from "hono/html"
import type { Markup } from "../page.ts"

/** Something that the terminal shows too, so that a person can see that page and terminal belong together. */
export type Comparison = { title: "Code" | "Phrase"; text: string; hint: string | null }

/** The box with what is to be compared with the terminal, one below the other. */
export function compareBox(comparisons: readonly Comparison[]): Markup {
  return html`<div class="compare">
${comparisons.map(comparisonSection)}
</div>`
}

function comparisonSection({ title, text, hint }: Comparison): Markup {
  const id = `${title.toLowerCase()}-title`
  return html`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
<p class="${title === "Code" ? "letters" : "words"}">${text}</p>
${hint === null ? "" : html`<p class="hint">${hint}</p>`}
</section>`
}
