import type { Handler } from "hono"
import { html } from "hono/html"
import { readForm } from "../../middleware/request-body.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { requireSameOrigin } from "../../middleware/same-origin.ts"
import { showPage } from "../../middleware/show-page.ts"
import { visitOf } from "../../middleware/visit.ts"
import { checkMailPage } from "../../pages/sign-in/check-mail.ts"
import { forgotPasswordPage } from "../../pages/sign-in/reset-password.ts"
import { returnPathOf } from "../return-path.ts"
import { withMail } from "./mail.ts"
import { statusOf, withReturn } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"

const PATH = "/forgot-password"

/** `GET /forgot-password?return_to=<path>`: asks for the email. */
export function showForgotPassword(deps: SignInDeps): Handler<AppEnv> {
  return (c) => {
    const returnTo = returnPathOf(c.req.query("return_to"), deps.issuer)
    const signInUrl = deps.accounts.signInUrl(returnTo)
    return showPage(c, forgotPasswordPage({ email: "", returnTo, problem: null, signInUrl }))
  }
}

/** `POST /forgot-password` with `email`: has a link sent, and answers the same whether there is such an account or not. */
export function submitForgotPassword(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const returnTo = returnPathOf(form.get("return_to"), deps.issuer)
    const email = form.get("email") ?? ""
    const signInUrl = deps.accounts.signInUrl(returnTo)
    const againUrl = withReturn(PATH, returnTo)
    return withMail(c, { againUrl, signInUrl }, async () => {
      const outcome = await deps.accounts.passwords.requestReset({ email }, visitOf(c, deps.clientAddress))
      if (!outcome.ok) {
        const page = forgotPasswordPage({ email, returnTo, problem: outcome, signInUrl })
        return showPage(c, page, { status: statusOf(c, outcome, 400) })
      }
      const sent = html`If <bdi>${email}</bdi> has an account here, a link to set a new password is on its way to it. It works once, for an hour.`
      const again = html`Then check the address, and <a href="${againUrl}">have another link sent</a>.`
      return showPage(c, checkMailPage({ isSent: deps.accounts.emails.areSent, sent, again, signInUrl }))
    })
  }
}
