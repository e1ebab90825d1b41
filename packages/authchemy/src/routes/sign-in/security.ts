import type { Context, Handler } from "hono"
import type { BrowserSession } from "../../accounts/accounts.ts"
import type { Refusal } from "../../accounts/built-in.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { showPage } from "../../middleware/show-page.ts"
import { securityPage } from "../../pages/account/security.ts"
import type { SecurityForm, SecurityProblem } from "../../pages/account/security-form.ts"
import { SECOND_FACTOR_BEGUN, securityNotice } from "../../pages/account/security-notices.ts"
import { SECTIONS } from "../../pages/page.ts"
import { showSignedIn, takeForm } from "../account/signed-in.ts"
import { statusOf } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"

export const SECURITY_PATH = SECTIONS.security.path

/** `GET /security`: how somebody signs in. `done` and `ended` tell what has just been done. */
export function showSecurity(deps: SignInDeps): Handler<AppEnv> {
  return showSignedIn(deps, (c, browser) => {
    const { done, ended } = c.req.query()
    return answerWithSecurity(c, deps, browser, {
      done: securityNotice({ done, ended }),
      justBegun: done === SECOND_FACTOR_BEGUN,
    })
  })
}

/** A form of the Security page. */
export function onSecurity(deps: SignInDeps, answer: Parameters<typeof takeForm>[2]): Handler<AppEnv> {
  return takeForm(deps, () => SECURITY_PATH, answer)
}

/** The page again, with why one of its forms was refused. @param options.form `null`: it is not on the page */
export function refuseOnSecurity(
  c: Context<AppEnv>,
  deps: SignInDeps,
  browser: BrowserSession,
  refusal: Refusal,
  options: { form: SecurityForm | null; typed?: string },
): Promise<Response> {
  const { field, message } = refusal
  const status = statusOf(c, refusal, 400)
  return answerWithSecurity(c, deps, browser, { problem: { field, message, ...options }, status })
}

export async function answerWithSecurity(
  c: Context<AppEnv>,
  deps: SignInDeps,
  browser: BrowserSession,
  page: {
    problem?: SecurityProblem
    done?: string | null
    justBegun?: boolean
    status?: 400 | 401 | 429
  },
): Promise<Response> {
  const { account } = browser
  const { problem = null, done = null, justBegun = false, status = 200 } = page
  const { accounts, formTokens } = deps
  const [security, begun] = await Promise.all([
    accounts.security(account.id),
    accounts.secondFactor.begun(browser),
  ])
  const rendered = securityPage({
    ...{ account, security, begun, justBegun, problem, done },
    providers: accounts.providers.list,
    formToken: formTokens.issue(browser),
  })
  return showPage(c, rendered, { status })
}
