import { html } from "hono/html"
import { type FormProblem, formAlert, formField } from "../form-field.ts"
import type { Page } from "../page.ts"

/** Behind the link: a button verifies, so that a mail scanner which opens every link uses none up. */
export function confirmEmailPage(page: { token: string }): Page {
  return {
    title: "Verify your email",
    content: html`<h1>Verify your email</h1>
<p class="lead">One click proves that the address is yours.</p>
<form method="post" action="/verify-email">
<input type="hidden" name="token" value="${page.token}">
<button type="submit">Verify my email</button>
</form>
<p class="foot">Did not create an account? Close this page, and nothing happens.</p>`,
  }
}

export function emailVerifiedPage(page: { email: string; signInUrl: string }): Page {
  return {
    title: "Email verified",
    content: html`<p class="mark" aria-hidden="true">✓</p>
<h1>Email verified</h1>
<p class="lead"><bdi>${page.email}</bdi> is yours. You can sign in with it now.</p>
<a class="button" href="${page.signInUrl}">Sign in</a>
<p class="foot">In the middle of a sign-in from your terminal? Go back to the page where it began, or start it again.</p>`,
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
${formField({
  name: "email",
  label: "Email",
  type: "email",
  autocomplete: "email",
  value: page.email,
  required: true,
  maxLength: 254,
  focus: true,
  problem,
})}
<button type="submit">Send a new link</button>
</form>
<p class="foot"><a href="${page.signInUrl}">Back to sign in</a></p>`,
  }
}
