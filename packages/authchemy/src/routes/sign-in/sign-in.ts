import type { Context, Handler } from "hono"
import { signUpDomains } from "../../accounts/sign-up-policy.ts"
import { readForm } from "../../middleware/request-body.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { requireSameOrigin } from "../../middleware/same-origin.ts"
import { showPage } from "../../middleware/show-page.ts"
import { visitOf } from "../../middleware/visit.ts"
import type { FormProblem } from "../../pages/form-field.ts"
import { signInPage } from "../../pages/sign-in/sign-in.ts"
import { returnPathOf } from "../return-path.ts"
import { withMail } from "./mail.ts"
import { goOn, statusOf, withReturn } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"

/** `GET /sign-in?return_to=<path>`. Who is signed in already goes straight on. */
export function showSignIn(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    const returnTo = returnPathOf(c.req.query("return_to"), deps.issuer)
    if ((await deps.accounts.browserSession(c.req.raw)) !== null) return c.redirect(returnTo, 303)
    return answerWithSignIn(c, deps, { returnTo })
  }
}

/** `POST /sign-in`: `303` back to where the person came from or to the second factor, or the form again with what was wrong. */
export function submitSignIn(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const returnTo = returnPathOf(form.get("return_to"), deps.issuer)
    const email = form.get("email") ?? ""
    const password = form.get("password") ?? ""
    const signInUrl = deps.accounts.signInUrl(returnTo)
    return withMail(c, { againUrl: signInUrl, signInUrl }, async () => {
      const visit = visitOf(c, deps.clientAddress)
      const outcome = await deps.accounts.passwords.signIn({ email, password }, visit)
      if (outcome.ok) return goOn(c, outcome, returnTo)
      const status = statusOf(c, outcome, 401)
      return answerWithSignIn(c, deps, { returnTo, email, problem: outcome, status })
    })
  }
}

/** The sign-in page, for whatever way somebody tried to sign in by. @param page.returnTo a checked path on this server */
export function answerWithSignIn(
  c: Context<AppEnv>,
  deps: SignInDeps,
  page: { returnTo: string; email?: string; problem?: FormProblem; status?: 400 | 401 | 429 },
): Response | Promise<Response> {
  const { returnTo, email = "", problem = null, status = 200 } = page
  const { signUpPolicy, providers } = deps.accounts
  const rendered = signInPage({
    siteName: c.get("site").name,
    returnTo,
    email,
    problem,
    providers: providers.list,
    forgotPasswordUrl: withReturn("/forgot-password", returnTo),
    createAccountUrl: signUpPolicy.kind === "closed" ? null : withReturn("/create-account", returnTo),
    signUpDomains: signUpDomains(signUpPolicy),
  })
  return showPage(c, rendered, { status })
}
