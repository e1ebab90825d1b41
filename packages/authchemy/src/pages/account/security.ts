import { html } from "hono/html"
import type { Account } from "../../accounts/accounts.ts"
import type { AccountSecurity } from "../../accounts/built-in.ts"
import { formAlert, notice } from "../form-field.ts"
import type { Markup, Page } from "../page.ts"
import { type SecurityProblem, securityForms } from "./security-form.ts"
import { passkeysPanel } from "./security-passkeys.ts"
import { passwordPanel } from "./security-password.ts"
import { providersPanel } from "./security-providers.ts"
import { type SecondFactorBegun, secondFactorPanel } from "./security-second-factor.ts"

/**
 * How somebody signs in, and all that can be changed of it.
 * @param page.providers those of this server, in the operator's order
 * @param page.begun a second factor that has been begun and not confirmed, or `null`; `justBegun`: the person goes on with it now
 * @param page.formToken proves to the server that a form was on this page
 * @param page.done what has just been done, in a sentence
 */
export function securityPage(page: {
  account: Account
  security: AccountSecurity
  providers: readonly { id: string; name: string }[]
  begun: SecondFactorBegun | null
  justBegun: boolean
  formToken: string
  problem: SecurityProblem | null
  done: string | null
}): Page {
  const { account, security, providers, formToken, problem } = page
  const { forms, summary } = securityForms({
    formToken,
    hasPassword: security.hasPassword,
    problem,
  })
  return {
    title: problem === null ? "Security" : "Nothing was changed",
    signedIn: { account, section: "security" },
    scripts: ["passkeys", "copy"],
    content: html`<h1>Security</h1>
<p class="lead">How you sign in to this account.</p>
${formAlert(summary)}${notice(page.done)}
${emailPanel(account.email, security.emailVerified)}
${passwordPanel(forms, account.email)}
${passkeysPanel(forms, security.passkeys)}
${secondFactorPanel(forms, { ...page, secondFactor: security.secondFactor })}
${providersPanel(providers, security.providers)}`,
  }
}

function emailPanel(email: string, verified: boolean): Markup {
  return html`<section class="panel" id="email" aria-labelledby="email-title">
<h2 id="email-title">Email</h2>
<p><bdi>${email}</bdi> ${verified ? html`<span class="tag">Verified</span>` : html`<span class="tag warn">Not verified</span>`}</p>
${
  verified
    ? ""
    : html`<form method="post" action="/verify-email">
<input type="hidden" name="email" value="${email}">
<p class="hint">A link that is sent there proves that the address is yours.</p>
<button type="submit" class="second">Send a link</button>
</form>`
}
</section>`
}
