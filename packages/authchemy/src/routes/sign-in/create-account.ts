import { WIRE_ERRORS } from "@authchemy/protocol"
import type { Handler } from "hono"
import { signUpDomains } from "../../accounts/sign-up-policy.ts"
import { readForm } from "../../middleware/request-body.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"
import { requireSameOrigin } from "../../middleware/same-origin.ts"
import { showPage } from "../../middleware/show-page.ts"
import { visitOf } from "../../middleware/visit.ts"
import { createAccountPage } from "../../pages/sign-in/create-account.ts"
import { returnPathOf } from "../return-path.ts"
import { withMail } from "./mail.ts"
import { goOn, statusOf, withReturn } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"

/** `GET /create-account?return_to=<path>`. Only where sign-up is not closed. */
export function showCreateAccount(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSignUp(deps)
    const returnTo = returnPathOf(c.req.query("return_to"), deps.issuer)
    if ((await deps.accounts.browserSession(c.req.raw)) !== null) return c.redirect(returnTo, 303)
    return showPage(c, render(deps, { returnTo, email: "", name: "", problem: null }))
  }
}

/** `POST /create-account`: the account is made, and this browser signed in to it or told to look for mail. */
export function submitCreateAccount(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSignUp(deps)
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const returnTo = returnPathOf(form.get("return_to"), deps.issuer)
    const email = form.get("email") ?? ""
    const name = form.get("name") ?? ""
    const password = form.get("password") ?? ""
    const signInUrl = deps.accounts.signInUrl(returnTo)
    return withMail(c, { againUrl: withReturn("/create-account", returnTo), signInUrl }, async () => {
      const visit = visitOf(c, deps.clientAddress)
      const outcome = await deps.accounts.passwords.signUp({ email, password, name }, visit)
      if (outcome.ok) return goOn(c, outcome, returnTo)
      const status = statusOf(c, outcome, 400)
      return showPage(c, render(deps, { returnTo, email, name, problem: outcome }), { status })
    })
  }
}

function render(
  { accounts }: SignInDeps,
  page: Omit<Parameters<typeof createAccountPage>[0], "signInUrl" | "domains">,
) {
  const domains = signUpDomains(accounts.signUpPolicy)
  return createAccountPage({ ...page, domains, signInUrl: accounts.signInUrl(page.returnTo) })
}

function requireSignUp(deps: SignInDeps): void {
  if (deps.accounts.signUpPolicy.kind !== "closed") return
  const sentence = "Accounts on this server are made by whoever runs it."
  throw new RequestRefused(403, WIRE_ERRORS.forbidden, sentence)
}
