import { html } from "hono/html"
import { type FormProblem, formAlert, formField } from "../form-field.ts"
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
${formField({
  name: "email",
  label: "Email",
  type: "email",
  autocomplete: "email",
  value: page.email,
  required: true,
  maxLength: 254,
  focus: true,
  ...(page.domains === null ? {} : { hint: `An address at ${page.domains}.` }),
  problem,
})}
${formField({
  name: "name",
  label: "Name",
  autocomplete: "name",
  value: page.name,
  hint: "Optional. Shown on your approval pages.",
  maxLength: 64,
  problem,
})}
${formField({
  name: "password",
  label: "Password",
  type: "password",
  autocomplete: "new-password",
  hint: PASSWORD_HINT,
  required: true,
  maxLength: 128,
  problem,
})}
<button type="submit">Create account</button>
</form>
<p class="foot">Have an account? <a href="${page.signInUrl}">Sign in</a></p>`,
  }
}

/** What a new password must be, and what makes a good one. */
export const PASSWORD_HINT = "8 to 128 characters. A few unrelated words make a good one."
