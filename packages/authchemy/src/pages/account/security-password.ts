import { html } from "hono/html"
import { newPasswordField, passwordField } from "../credential-fields.ts"
import type { Markup } from "../page.ts"
import { folded, idOf, SECURITY_FORMS, type SecurityForms } from "./security-form.ts"
import { tokenField } from "./token-field.ts"

/** The panel about the password: to change it, or to set the first one. */
export function passwordPanel(forms: SecurityForms, email: string): Markup {
  const { hasPassword } = forms
  const problem = forms.problemOf("password")
  const content = html`<form method="post" action="${SECURITY_FORMS.password}">
${tokenField(forms.formToken)}
<input type="text" name="username" value="${email}" autocomplete="username" aria-label="Email" readonly hidden>
${
  hasPassword
    ? passwordField({ name: "current", id: idOf("password", "current"), label: "Current password", problem })
    : ""
}
${newPasswordField({ name: "next", id: idOf("password", "next"), problem })}
<button type="submit">${hasPassword ? "Change password" : "Set password"}</button>
</form>`
  return html`<section class="panel" id="password" aria-labelledby="password-title">
<h2 id="password-title">Password</h2>
<p class="lead">${hasPassword ? "A new password signs out every other browser and every command-line program." : "This account has no password. You sign in by a passkey or a provider."}</p>
${folded({ label: hasPassword ? "Change password" : "Set a password", open: problem !== null, content })}
</section>`
}
