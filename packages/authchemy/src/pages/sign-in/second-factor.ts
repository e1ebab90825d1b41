import { html } from "hono/html"
import { type FormProblem, formAlert, formField } from "../form-field.ts"
import type { Page } from "../page.ts"

/** Which of the two is typed: it decides what keyboard a telephone shows, and nothing else. */
export type SecondFactorKind = "code" | "recovery"

/**
 * Asks for the second factor of a sign-in. The field takes a code and a recovery code alike.
 * @param page.returnTo the checked path to come back to
 * @param page.otherUrl this page, for the other kind
 * @param page.signInUrl where the sign-in begins anew
 */
export function secondFactorPage(page: {
  kind: SecondFactorKind
  returnTo: string
  problem: FormProblem | null
  otherUrl: string
  signInUrl: string
}): Page {
  const { kind, problem } = page
  const recovery = kind === "recovery"
  return {
    title: problem === null ? "One more step" : "Not signed in",
    content: html`<h1>One more step</h1>
<p class="lead">${recovery ? "Type one of the recovery codes that you kept when you turned the second factor on. Each works once." : "Open your authenticator app and type the code that it shows for this account."}</p>
${formAlert(problem)}
<form method="post" action="/sign-in/second-factor">
<input type="hidden" name="return_to" value="${page.returnTo}">${recovery ? html`<input type="hidden" name="with" value="recovery">` : ""}
${formField({
  name: "code",
  label: recovery ? "Recovery code" : "Code",
  autocomplete: recovery ? "off" : "one-time-code",
  inputMode: recovery ? "text" : "numeric",
  kind: "digits",
  ...(recovery ? {} : { hint: "Six digits. A new code comes every 30 seconds." }),
  required: true,
  maxLength: 32,
  focus: true,
  problem,
})}
<button type="submit">Sign in</button>
</form>
<p class="foot">${recovery ? "Have your device after all?" : "Lost your device?"} <a href="${page.otherUrl}">${recovery ? "Type a code from it" : "Type a recovery code instead"}</a></p>
<p class="foot"><a href="${page.signInUrl}">Start again</a></p>`,
  }
}
