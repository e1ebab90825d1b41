import type { Context, Handler } from "hono"
import { html } from "hono/html"
import { readForm } from "../../middleware/request-body.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { requireSameOrigin } from "../../middleware/same-origin.ts"
import { showPage } from "../../middleware/show-page.ts"
import { visitOf } from "../../middleware/visit.ts"
import type { Markup } from "../../pages/page.ts"
import { checkMailPage } from "../../pages/sign-in/check-mail.ts"
import {
  askForVerificationPage,
  confirmEmailPage,
  emailVerifiedPage,
} from "../../pages/sign-in/verify-email.ts"
import { returnPathOf } from "../return-path.ts"
import { withMail } from "./mail.ts"
import { goOn, leaveWith, statusOf } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"

const PATH = "/verify-email"

const DONE = `${PATH}?done=1`
const FORGOT_PASSWORD = "/forgot-password"

/**
 * `GET /verify-email`: with `token` a form that verifies with the account's password, which uses nothing up; with `done` where that has been done; with `sent` where
 * somebody must verify before they can sign in; with none of them a form that has a new link sent.
 */
export function showVerifyEmail(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    const token = c.req.query("token")
    if (token !== undefined) {
      const target = await deps.accounts.emails.verificationTarget(token)
      if (target === null) return answerLinkOver(c, deps)
      const page = { token, ...target, problem: null, forgotPasswordUrl: FORGOT_PASSWORD }
      return showPage(c, confirmEmailPage(page))
    }
    const signInUrl = deps.accounts.signInUrl(returnPathOf(c.req.query("return_to"), deps.issuer))
    if (c.req.query("done") !== undefined) {
      const browser = await deps.accounts.browserSession(c.req.raw)
      return showPage(c, emailVerifiedPage({ email: browser?.account.email ?? null, signInUrl }))
    }
    if (c.req.query("sent") !== undefined) {
      const sent = html`We have sent a link to the address that you gave. Open it and type your password once more: that verifies your email and signs you in.`
      return answerWithCheckMail(c, deps, sent, signInUrl)
    }
    const page = { linkExpired: false, email: "", problem: null, signInUrl }
    return showPage(c, askForVerificationPage(page))
  }
}

/**
 * `POST /verify-email`: with `token` and `password` verifies, and signs in with that password: `303` to where that is told, or to the second factor. With `email` has a
 * new link sent.
 */
export function submitVerifyEmail(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const signInUrl = deps.accounts.signInUrl("/")
    const token = form.get("token")
    if (token === undefined) return sendLink(c, deps, form.get("email") ?? "", signInUrl)
    return verify(c, deps, { token, password: form.get("password") ?? "" })
  }
}

async function verify(
  c: Context<AppEnv>,
  deps: SignInDeps,
  form: { token: string; password: string },
): Promise<Response> {
  const { emails, passwords } = deps.accounts
  const visit = visitOf(c, deps.clientAddress)
  const verified = await emails.verify(form, visit)
  if (verified.ok) {
    const signIn = await passwords.signIn({ email: verified.email, password: form.password }, visit)
    return signIn.ok ? goOn(c, signIn, DONE) : leaveWith(c, [], DONE)
  }
  const target = await emails.verificationTarget(form.token)
  if (target === null) return answerLinkOver(c, deps)
  const page = { token: form.token, ...target, problem: verified, forgotPasswordUrl: FORGOT_PASSWORD }
  return showPage(c, confirmEmailPage(page), { status: statusOf(c, verified, 400) })
}

function answerLinkOver(c: Context<AppEnv>, deps: SignInDeps): Response | Promise<Response> {
  const page = { linkExpired: true, email: "", problem: null, signInUrl: deps.accounts.signInUrl("/") }
  return showPage(c, askForVerificationPage(page), { status: 400 })
}

function sendLink(c: Context<AppEnv>, deps: SignInDeps, email: string, signInUrl: string): Promise<Response> {
  return withMail(c, { againUrl: PATH, signInUrl }, async () => {
    const outcome = await deps.accounts.emails.sendVerification({ email }, visitOf(c, deps.clientAddress))
    if (!outcome.ok) {
      const page = { linkExpired: false, email, problem: outcome, signInUrl }
      return showPage(c, askForVerificationPage(page), { status: statusOf(c, outcome, 400) })
    }
    const sent = html`If <bdi>${email}</bdi> has an account here whose email is not verified yet, a link is on its way to it.`
    return answerWithCheckMail(c, deps, sent, signInUrl)
  })
}

function answerWithCheckMail(c: Context<AppEnv>, deps: SignInDeps, sent: Markup, signInUrl: string) {
  const again = html`Then check the address, and <a href="${PATH}">have a new link sent</a>.`
  return showPage(c, checkMailPage({ isSent: deps.accounts.emails.areSent, sent, again, signInUrl }))
}
