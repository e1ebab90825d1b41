import { DEVICE_PATH, LOGIN_PATH, OAUTH_PATHS } from "@authchemy/protocol"
import { html } from "hono/html"
import { type FormProblem, formAlert, formField } from "./form-field.ts"
import { layout, type Markup } from "./layout.ts"

/**
 * @param page.returnTo the checked path to come back to
 * @param page.createAccountUrl where an account can be created, or `null` where sign-up is closed
 */
export function signInPage(page: {
  returnTo: string
  email: string
  problem: FormProblem | null
  createAccountUrl: string | null
}): Markup {
  const { problem } = page
  return layout({
    title: problem === null ? "Sign in" : "Not signed in",
    content: html`<h1>Sign in</h1>
<p class="lead">${leadFor(page.returnTo)}</p>
${formAlert(problem)}
<form method="post" action="/sign-in">
<input type="hidden" name="return_to" value="${page.returnTo}">
${formField({
  name: "email",
  label: "Email",
  type: "email",
  autocomplete: "email",
  value: page.email,
  required: true,
  maxLength: 254,
  focus: page.email === "",
  problem,
})}
${formField({
  name: "password",
  label: "Password",
  type: "password",
  autocomplete: "current-password",
  required: true,
  maxLength: 128,
  focus: page.email !== "",
  problem,
})}
<button type="submit">Sign in</button>
</form>
${page.createAccountUrl === null ? "" : html`<p class="foot">New here? <a href="${page.createAccountUrl}">Create an account</a></p>`}`,
  })
}

function leadFor(returnTo: string): string {
  switch (returnTo.split("?")[0]) {
    case LOGIN_PATH:
    case DEVICE_PATH:
      return "A command-line program asks to use your account. You will see which one before you approve it."
    case OAUTH_PATHS.authorize:
      return "A program asks to use your account. You will see which one before you approve it."
    default:
      return "Use your Authchemy account."
  }
}
