import { html } from "hono/html"
import { type FormProblem, formAlert, formField } from "./form-field.ts"
import { layout, type Markup } from "./layout.ts"

/** @param page.returnTo the checked path to come back to */
export function createAccountPage(page: {
  returnTo: string
  email: string
  name: string
  problem: FormProblem | null
  signInUrl: string
}): Markup {
  const { problem } = page
  return layout({
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
  focus: problem === null || problem.field === "email",
  problem,
})}
${formField({
  name: "name",
  label: "Name",
  type: "text",
  autocomplete: "name",
  value: page.name,
  hint: "Optional. Shown on your approval pages.",
  required: false,
  maxLength: 64,
  focus: problem?.field === "name",
  problem,
})}
${formField({
  name: "password",
  label: "Password",
  type: "password",
  autocomplete: "new-password",
  hint: "8 to 128 characters. A few unrelated words make a good one.",
  required: true,
  maxLength: 128,
  focus: problem?.field === "password",
  problem,
})}
<button type="submit">Create account</button>
</form>
<p class="foot">Have an account? <a href="${page.signInUrl}">Sign in</a></p>`,
  })
}
