import type { Context, Handler } from "hono"
import type { BrowserSession } from "../../accounts/accounts.ts"
import type { AccountSecurity, Refusal } from "../../accounts/built-in.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { showPage } from "../../middleware/show-page.ts"
import {
  type SecurityConfirmation,
  securityConfirmationPage,
} from "../../pages/account/security-confirmation.ts"
import { showSignedIn } from "../account/signed-in.ts"
import { statusOf } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"
import { refuseOnSecurity, SECURITY_PATH } from "./security.ts"

/** What is asked about; `null` where there is nothing to ask about any more. */
export type ConfirmationOf = (c: Context<AppEnv>, security: AccountSecurity) => SecurityConfirmation | null

/** Asks once more before a change. Where there is nothing to change, back to Security. */
export function askOnceMore(deps: SignInDeps, confirmationOf: ConfirmationOf): Handler<AppEnv> {
  return showSignedIn(deps, async (c, browser) => {
    const security = await deps.accounts.security(browser.account.id)
    const confirmation = confirmationOf(c, security)
    if (confirmation === null) return c.redirect(SECURITY_PATH, 303)
    return showPage(c, render(deps, browser, security, confirmation, null))
  })
}

/** The question again, with why the change was refused; on the Security page where there is nothing to ask about any more. */
export async function refuseOnceMore(
  c: Context<AppEnv>,
  deps: SignInDeps,
  browser: BrowserSession,
  refusal: Refusal,
  confirmationOf: ConfirmationOf,
): Promise<Response> {
  const security = await deps.accounts.security(browser.account.id)
  const confirmation = confirmationOf(c, security)
  if (confirmation === null) return refuseOnSecurity(c, deps, browser, refusal, { form: null })
  const status = statusOf(c, refusal, 400)
  return showPage(c, render(deps, browser, security, confirmation, refusal), { status })
}

function render(
  deps: SignInDeps,
  browser: BrowserSession,
  { hasPassword }: AccountSecurity,
  confirmation: SecurityConfirmation,
  problem: Refusal | null,
) {
  const formToken = deps.formTokens.issue(browser)
  return securityConfirmationPage({ account: browser.account, confirmation, formToken, hasPassword, problem })
}
