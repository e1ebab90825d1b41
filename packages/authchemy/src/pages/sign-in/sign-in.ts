import { DEVICE_PATH, LOGIN_PATH, OAUTH_PATHS } from "@authchemy/protocol"
import { html } from "hono/html"
import { emailField, passwordField } from "../credential-fields.ts"
import { type FormProblem, formAlert } from "../form-field.ts"
import type { Markup, Page } from "../page.ts"

/**
 * @param page.siteName whose account is asked for
 * @param page.returnTo the checked path to come back to
 * @param page.providers whom somebody can continue with, in the operator's order
 * @param page.forgotPasswordUrl where a new password is asked for
 * @param page.createAccountUrl where an account can be created, or `null` where sign-up is closed
 * @param page.signUpDomains the mail domains that an account can be created with, in words; `null` where any can
 */
export function signInPage(page: {
  siteName: string
  returnTo: string
  email: string
  problem: FormProblem | null
  providers: readonly { id: string; name: string }[]
  forgotPasswordUrl: string
  createAccountUrl: string | null
  signUpDomains: string | null
}): Page {
  const { problem, providers, returnTo } = page
  const hasProviders = providers.length > 0
  return {
    title: problem === null ? "Sign in" : "Not signed in",
    scripts: ["passkeys"],
    content: html`<h1>Sign in</h1>
<p class="lead">${leadFor(page)}</p>
${formAlert(problem)}
<form method="post" action="/sign-in">
${returnField(returnTo)}
${emailField({ value: page.email, signsIn: true, focus: page.email === "", problem })}
${passwordField({ focus: page.email !== "", problem })}
<button type="submit">Sign in</button>
</form>
<p class="foot"><a href="${page.forgotPasswordUrl}">Forgot your password?</a></p>
${hasProviders ? OR : ""}
<div class="buttons">
<form method="post" action="/sign-in/passkey" data-passkey="sign-in" data-options="/sign-in/passkey/options" hidden>
${hasProviders ? "" : OR}
${returnField(returnTo)}<input type="hidden" name="credential" value="">
<p class="alert" role="alert" data-passkey-problem hidden></p>
<button type="submit" class="second">Sign in with a passkey</button>
</form>
${providers.map((provider) => providerForm(provider, returnTo))}
</div>
${page.createAccountUrl === null ? "" : newHere(page.createAccountUrl, page.signUpDomains)}`,
  }
}

const OR = html`<p class="or">or</p>`

function returnField(returnTo: string): Markup {
  return html`<input type="hidden" name="return_to" value="${returnTo}">`
}

function providerForm({ id, name }: { id: string; name: string }, returnTo: string): Markup {
  return html`<form method="post" action="/sign-in/providers/${id}">${returnField(returnTo)}<button type="submit" class="second">Continue with <bdi>${name}</bdi></button></form>`
}

function newHere(url: string, domains: string | null): Markup {
  return html`<p class="foot">New here? <a href="${url}">Create an account</a>${domains === null ? "" : html`, with an address at ${domains}`}</p>`
}

function leadFor({ returnTo, siteName }: { returnTo: string; siteName: string }): string {
  switch (returnTo.split("?")[0]) {
    case LOGIN_PATH:
    case DEVICE_PATH:
      return "A command-line program asks to use your account. You will see which one before you approve it."
    case OAUTH_PATHS.authorize:
      return "A program asks to use your account. You will see which one before you approve it."
    default:
      return `Use your ${siteName} account.`
  }
}
