import { html } from "hono/html"
import { emailField, nameField, newPasswordField } from "../credential-fields.ts"
import { type FormProblem, formAlert } from "../form-field.ts"
import type { Page } from "../page.ts"

/**
 * @param page.returnTo the checked path to come back to
 * @param page.domains the mail domains that an account can be created with, in words; `null` where any can
 */
export function createAccountPage(page: {
  returnTo: string
  email: string
  name: string
  problem: FormProblem | null
  domains: string | null
  signInUrl: string
}): Page {
  const { problem } = page
  return {
    title: problem === null ? "Create account" : "Account not created",
    content: html`<h1>Create your account</h1>
<p class="lead">One account for every machine you sign in from.</p>
${formAlert(problem)}
<form method="post" action="/create-account">
<input type="hidden" name="return_to" value="${page.returnTo}">
${emailField({
  value: page.email,
  focus: true,
  ...(page.domains === null ? {} : { hint: `An address at ${page.domains}.` }),
  problem,
})}
${nameField({ value: page.name, hint: "Optional. Shown on your approval pages.", problem })}
${newPasswordField({ label: "Password", problem })}
<button type="submit">Create account</button>
</form>
<p class="foot">Have an account? <a href="${page.signInUrl}">Sign in</a></p>`,
  }
}
