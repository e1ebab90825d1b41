import { html } from "hono/html"
import { emailField, passwordField } from "../credential-fields.ts"
import { type FormProblem, formAlert } from "../form-field.ts"
import type { Page } from "../page.ts"

/**
 * Behind the link: the link proves whose the email is, the password whose the account is. Opening it uses nothing up, so that a mail scanner can.
 * @param page.email the account's, by the link
 * @param page.forgotPasswordUrl where a new password is asked for; setting one verifies, too
 */
export function confirmEmailPage(page: {
  token: string
  email: string
  problem: FormProblem | null
  forgotPasswordUrl: string
}): Page {
  const { email, problem } = page
  return {
    title: problem === null ? "Verify your email" : "Email not verified",
    content: html`<h1>Verify your email</h1>
<p class="lead">For <bdi>${email}</bdi>. Type the password that this account was created with.</p>
${formAlert(problem)}
<form method="post" action="/verify-email">
<input type="hidden" name="token" value="${page.token}">
<input type="text" name="username" value="${email}" autocomplete="username" aria-label="Email" readonly hidden>
${passwordField({ focus: true, problem })}
<button type="submit">Verify my email</button>
</form>
<p class="foot">Forgot the password, or did not choose one? <a href="${page.forgotPasswordUrl}">Set a new one</a>: that verifies your email, too.</p>
<p class="foot">Do not want an account? Close this page, and nothing happens.</p>`,
  }
}

/** @param page.email whose browser session it is; `null`: nobody is signed in */
export function emailVerifiedPage(page: { email: string | null; signInUrl: string }): Page {
  const { email } = page
  return {
    title: "Email verified",
    content: html`<p class="mark" aria-hidden="true">✓</p>
<h1>Email verified</h1>
<p class="lead">${email === null ? "You can sign in with it now." : html`<bdi>${email}</bdi> is yours, and you are signed in.`}</p>
<a class="button" href="${page.signInUrl}">${email === null ? "Sign in" : "Continue"}</a>
<p class="foot">Signing in from your terminal? Go back to the page where it began, or start it again.</p>`,
  }
}

/**
 * Asks where a new link is to go.
 * @param page.linkExpired whether somebody comes with a link that cannot be used any more
 */
export function askForVerificationPage(page: {
  linkExpired: boolean
  email: string
  problem: FormProblem | null
  signInUrl: string
}): Page {
  const { problem, linkExpired } = page
  const title = linkExpired ? "This link cannot be used any more" : "Verify your email"
  return {
    title: problem === null ? title : "No link was sent",
    content: html`<h1>${title}</h1>
<p class="lead">${linkExpired ? "It was used already, has expired, or was cut short on its way. If you verified your email with it, sign in. Otherwise have a new one sent." : "We send a link to the address of your account. It works once, for a day."}</p>
${formAlert(problem)}
<form method="post" action="/verify-email">
${emailField({ value: page.email, focus: true, problem })}
<button type="submit">Send a new link</button>
</form>
<p class="foot"><a href="${page.signInUrl}">Back to sign in</a></p>`,
  }
}
