import { html } from "hono/html"
import type { Markup, Page, Section } from "../page.ts"
import { tokenField } from "./token-field.ts"

/**
 * Asks once more before something is deleted for good.
 * @param page.action where the answer is posted
 * @param page.back where Cancel leads
 */
export function confirmDeletionPage(page: {
  account: { email: string; name: string }
  section: Section
  /** What is deleted, as `access key`. */
  kind: string
  name: string
  consequence: string | Markup
  action: string
  back: string
  formToken: string
}): Page {
  const { account, section, kind } = page
  return {
    title: `Delete this ${kind}?`,
    signedIn: { account, section },
    content: html`<h1>Delete this ${kind}?</h1>
<section class="panel">
<h2><bdi>${page.name}</bdi></h2>
<p class="lead">${page.consequence} This cannot be undone.</p>
<form method="post" action="${page.action}" class="buttons">
${tokenField(page.formToken)}
<button type="submit" class="danger">Delete</button>
<a class="button second" href="${page.back}">Keep it</a>
</form>
</section>`,
  }
}
