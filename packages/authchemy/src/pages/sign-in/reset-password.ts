import { html } from "hono/html"
import { emailField, newPasswordField } from "../credential-fields.ts"
import { type FormProblem, formAlert } from "../form-field.ts"
import type { Markup, Page } from "../page.ts"

/** @param page.returnTo the checked path that the sign-in page comes back to */
export function forgotPasswordPage(page: {
  email: string
  returnTo: string
  problem: FormProblem | null
  signInUrl: string
}): Page {
  const { problem } = page
  return {
    title: problem === null ? "Forgot your password?" : "No link was sent",
    content: html`<h1>Forgot your password?</h1>
<p class="lead">We send a link to the address of your account. Under it you set a new one.</p>
${formAlert(problem)}
<form method="post" action="/forgot-password">
<input type="hidden" name="return_to" value="${page.returnTo}">
${emailField({ value: page.email, focus: true, problem })}
<button type="submit">Send a link</button>
</form>
<p class="foot"><a href="${page.signInUrl}">Back to sign in</a></p>`,
  }
}

/**
 * @param page.email whose password it is, by the link
 * @param page.emailVerified where it is not, the new password is all that opens the account afterwards
 */
export function resetPasswordPage(page: {
  token: string
  email: string
  emailVerified: boolean
  problem: FormProblem | null
}): Page {
  const { problem } = page
  return {
    title: problem === null ? "Set a new password" : "Password not changed",
    content: html`<h1>Set a new password</h1>
<p class="lead">For <bdi>${page.email}</bdi>. Every browser and every command-line program that is signed in to this account will be signed out.</p>
${page.emailVerified ? "" : html`<p>This email was never verified, so somebody else may have created the account. Its passkeys, links to other providers, second factor, access keys and apps will be removed.</p>`}
${formAlert(problem)}
<form method="post" action="/reset-password">
<input type="hidden" name="token" value="${page.token}">
<input type="text" name="username" value="${page.email}" autocomplete="username" aria-label="Email" readonly hidden>
${newPasswordField({ focus: true, problem })}
<button type="submit">Set new password</button>
</form>`,
  }
}

/** A link that is used, expired or none. */
export function resetLinkOverPage(page: { forgotPasswordUrl: string; signInUrl: string }): Page {
  return {
    title: "This link cannot be used any more",
    content: html`<h1>This link cannot be used any more</h1>
<p class="lead">It was used already, has expired, or was cut short on its way. Links to set a new password work once, for an hour.</p>
<a class="button" href="${page.forgotPasswordUrl}">Send a new link</a>
<p class="foot"><a href="${page.signInUrl}">Back to sign in</a></p>`,
  }
}

const WAYS = {
  passkeys: "passkeys",
  providers: "links to other providers",
  accessKeys: "access keys",
} as const
type Way = keyof typeof WAYS
/** What opens an account beside its password, as the page's address names it. */
export const WAYS_BESIDE_PASSWORD: readonly Way[] = ["passkeys", "providers", "accessKeys"]

/**
 * @param page.endedSessions how many command-line sessions have ended with it
 * @param page.stillOpen what opens the account beside the new password
 */
export function passwordResetPage(page: {
  endedSessions: number
  stillOpen: readonly Way[]
  signInUrl: string
}): Page {
  return {
    title: "Password changed",
    content: html`<p class="mark" aria-hidden="true">✓</p>
<h1>Your new password is set</h1>
<p class="lead">${sessionsEnded(page.endedSessions)} Every browser was signed out, too.</p>
${stillOpen(page.stillOpen)}<a class="button" href="${page.signInUrl}">Sign in</a>`,
  }
}

function stillOpen(ways: readonly Way[]): Markup | "" {
  if (ways.length === 0) return ""
  const list = new Intl.ListFormat("en-GB").format(ways.map((way) => WAYS[way]))
  return html`<p>These still open the account: ${list}. Sign in, and remove what is not yours under Security and Access keys.</p>
`
}

/** How many command-line sessions a change has ended, in a sentence. */
export function sessionsEnded(count: number): string {
  if (count === 0) return "No command-line program was signed in."
  return count === 1 ? "One command-line session has ended." : `${count} command-line sessions have ended.`
}
