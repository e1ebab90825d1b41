import { html } from "hono/html"
import type { Markup, Page } from "./page.ts"

/**
 * What went wrong and what to do, in words.
 * @param page.advice what the person can do next
 * @param page.code a code of `WIRE_ERRORS`
 * @param page.reference the request's id in the server's log, where that helps
 */
export function errorPage(page: {
  title: string
  message: string
  advice: string | Markup
  code: string
  reference: string | null
}): Page {
  return {
    title: page.title,
    content: html`<h1>${page.title}</h1>
<p class="lead">${page.message}</p>
<p>${page.advice}</p>
<p class="code"><code>${page.code}</code>${page.reference === null ? "" : html` · reference <code>${page.reference}</code>`}</p>`,
  }
}
