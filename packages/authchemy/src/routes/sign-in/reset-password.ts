import type { Context, Handler } from "hono"
import { readForm } from "../../middleware/request-body.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { requireSameOrigin } from "../../middleware/same-origin.ts"
import { showPage } from "../../middleware/show-page.ts"
import { visitOf } from "../../middleware/visit.ts"
import {
  passwordResetPage,
  resetLinkOverPage,
  resetPasswordPage,
  WAYS_BESIDE_PASSWORD,
} from "../../pages/sign-in/reset-password.ts"
import { leaveWith, statusOf } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"

const PATH = "/reset-password"
const FORGOT_PASSWORD = "/forgot-password"

/**
 * `GET /reset-password?token=…`: the form for the account of the link, which is not used up. With `ended` in place of a token: what has been done, and with `open` what
 * still opens the account.
 */
export function showResetPassword(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    const { token, ended, open = "" } = c.req.query()
    if (token === undefined && ended !== undefined && /^\d{1,6}$/.test(ended)) {
      const signInUrl = deps.accounts.signInUrl("/")
      const stillOpen = WAYS_BESIDE_PASSWORD.filter((kind) => open.split(",").includes(kind))
      return showPage(c, passwordResetPage({ endedSessions: Number(ended), stillOpen, signInUrl }))
    }
    if (token === undefined) return c.redirect(FORGOT_PASSWORD, 303)
    const target = await deps.accounts.passwords.resetTarget(token)
    if (target === null) return answerLinkOver(c, deps)
    return showPage(c, resetPasswordPage({ token, ...target, problem: null }))
  }
}

/** `POST /reset-password` with `token` and `password`: sets the password and uses the link up. */
export function submitResetPassword(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const token = form.get("token") ?? ""
    const password = form.get("password") ?? ""
    const { passwords } = deps.accounts
    const outcome = await passwords.reset({ token, password }, visitOf(c, deps.clientAddress))
    if (outcome.ok) {
      const open = WAYS_BESIDE_PASSWORD.filter((kind) => outcome.stillOpen[kind] > 0).join(",")
      const query = `ended=${outcome.endedSessions}${open === "" ? "" : `&open=${open}`}`
      return leaveWith(c, outcome.setCookies, `${PATH}?${query}`)
    }
    const target = await passwords.resetTarget(token)
    if (target === null) return answerLinkOver(c, deps)
    const status = statusOf(c, outcome, 400)
    return showPage(c, resetPasswordPage({ token, ...target, problem: outcome }), { status })
  }
}

function answerLinkOver(c: Context<AppEnv>, deps: SignInDeps): Response | Promise<Response> {
  const page = { forgotPasswordUrl: FORGOT_PASSWORD, signInUrl: deps.accounts.signInUrl("/") }
  return showPage(c, resetLinkOverPage(page), { status: 400 })
}
