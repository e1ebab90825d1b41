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
import { statusOf } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"

const PATH = "/verify-email"

/**
 * `GET /verify-email`: with `token` a button that verifies, which uses nothing up; with `sent` where somebody must verify before they can sign in; with
 * neither a form that has a new link sent.
 */
export function showVerifyEmail(deps: SignInDeps): Handler<AppEnv> {
  return (c) => {
    const token = c.req.query("token")
    if (token !== undefined) return showPage(c, confirmEmailPage({ token }))
    const signInUrl = deps.accounts.signInUrl(returnPathOf(c.req.query("return_to"), deps.issuer))
    if (c.req.query("sent") !== undefined) {
      const sent = html`We have sent a link to the address that you gave. Open it to verify your email, then sign in.`
      return answerWithCheckMail(c, sent, signInUrl)
    }
    const page = { linkExpired: false, email: "", problem: null, signInUrl }
    return showPage(c, askForVerificationPage(page))
  }
}

/** `POST /verify-email`: with `token` verifies, with `email` has a new link sent. */
export function submitVerifyEmail(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const signInUrl = deps.accounts.signInUrl("/")
    const token = form.get("token")
    if (token === undefined) return sendLink(c, deps, form.get("email") ?? "", signInUrl)
    const verified = await deps.accounts.emails.verify(token)
    if (verified !== null) return showPage(c, emailVerifiedPage({ ...verified, signInUrl }))
    const page = { linkExpired: true, email: "", problem: null, signInUrl }
    return showPage(c, askForVerificationPage(page), { status: 400 })
  }
}

function sendLink(c: Context<AppEnv>, deps: SignInDeps, email: string, signInUrl: string): Promise<Response> {
  return withMail(c, { againUrl: PATH, signInUrl }, async () => {
    const outcome = await deps.accounts.emails.sendVerification({ email }, visitOf(c, deps.clientAddress))
    if (!outcome.ok) {
      const page = { linkExpired: false, email, problem: outcome, signInUrl }
      return showPage(c, askForVerificationPage(page), { status: statusOf(c, outcome, 400) })
    }
    const sent = html`If <bdi>${email}</bdi> has an account here whose email is not verified yet, a link is on its way to it.`
    return answerWithCheckMail(c, sent, signInUrl)
  })
}

function answerWithCheckMail(c: Context<AppEnv>, sent: Markup, signInUrl: string) {
  const again = html`Then check the address, and <a href="${PATH}">have a new link sent</a>.`
  return showPage(c, checkMailPage({ sent, again, signInUrl }))
}
