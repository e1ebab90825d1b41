import { html } from "hono/html"
import { type FormProblem, formAlert } from "../form-field.ts"
import type { Markup, Page } from "../page.ts"
import { confirmingPasswordField } from "./security-form.ts"
import { tokenField } from "./token-field.ts"

/** A change of how somebody signs in that is asked about once more. */
export type SecurityConfirmation = {
  title: string
  /** What it is about. */
  name: string
  /** What comes of it. */
  lead: string | Markup
  action: string
  /** What the form carries besides. */
  carried?: { name: string; value: string }
  button: string
  danger: boolean
}

/** @param page.hasPassword whether the account has a password, which then confirms the change */
export function securityConfirmationPage(page: {
  account: { email: string; name: string }
  confirmation: SecurityConfirmation
  formToken: string
  hasPassword: boolean
  problem: FormProblem | null
}): Page {
  const { account, confirmation, hasPassword } = page
  const { title, carried } = confirmation
  const { problem } = page
  const isBeside = problem?.field === "password" && hasPassword
  const summary = problem === null || isBeside ? problem : { ...problem, field: "form" }
  return {
    title: problem === null ? title : "Nothing was changed",
    signedIn: { account, section: "security" },
    content: html`<h1>${title}</h1>
${formAlert(summary)}
<section class="panel" aria-labelledby="about">
<h2 id="about"><bdi>${confirmation.name}</bdi></h2>
<p class="lead">${confirmation.lead}</p>
<form method="post" action="${confirmation.action}">
${tokenField(page.formToken)}${carried === undefined ? "" : html`<input type="hidden" name="${carried.name}" value="${carried.value}">`}
${hasPassword ? confirmingPasswordField("password", problem) : ""}
<div class="buttons"><button type="submit"${confirmation.danger ? html` class="danger"` : ""}>${confirmation.button}</button>
<a class="button second" href="/security">Back</a></div>
</form>
</section>`,
  }
}
