import type { Context, Handler } from "hono"
import type { BrowserSession } from "../../accounts/accounts.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { showPage } from "../../middleware/show-page.ts"
import { visitOf } from "../../middleware/visit.ts"
import { SECOND_FACTOR_BEGUN, securityUrl } from "../../pages/account/security-notices.ts"
import { recoveryCodesPage, recoveryCodesShownPage } from "../../pages/account/security-recovery-codes.ts"
import { leaveWith, setCookiesOf } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"
import { onSecurity, refuseOnSecurity } from "./security.ts"

/** `POST /security/second-factor` with `password`: begins to set it up; the page then shows the secret. */
export function beginSecondFactor(deps: SignInDeps): Handler<AppEnv> {
  return onSecurity(deps, async (c, browser, form) => {
    const password = form.get("password") ?? ""
    const visit = visitOf(c, deps.clientAddress)
    const outcome = await deps.accounts.secondFactor.begin(browser, { password }, c.req.raw, visit)
    if (!outcome.ok) return refuseOnSecurity(c, deps, browser, outcome, { form: "secondFactor" })
    return leaveWith(c, outcome.setCookies, securityUrl(SECOND_FACTOR_BEGUN))
  })
}

/** `POST /security/second-factor/confirm` with `code`: turns it on, and shows the recovery codes, this once: what is on is not turned on again. */
export function confirmSecondFactor(deps: SignInDeps): Handler<AppEnv> {
  return onSecurity(deps, async (c, browser, form) => {
    const code = form.get("code") ?? ""
    const visit = visitOf(c, deps.clientAddress)
    const outcome = await deps.accounts.secondFactor.confirm(browser, { code }, c.req.raw, visit)
    if (!outcome.ok) return refuseOnSecurity(c, deps, browser, outcome, { form: "confirm" })
    return answerWithCodes(c, browser, outcome, true)
  })
}

/** `POST /security/second-factor/recovery-codes` with `password`: makes new codes and shows them, this once. */
export function renewRecoveryCodes(deps: SignInDeps): Handler<AppEnv> {
  return onSecurity(deps, async (c, browser, form) => {
    if (!(await deps.formTokens.requireOnce(form, browser))) return answerSentAlready(c, browser)
    const password = form.get("password") ?? ""
    const visit = visitOf(c, deps.clientAddress)
    const { secondFactor } = deps.accounts
    const outcome = await secondFactor.renewRecoveryCodes(browser, { password }, c.req.raw, visit)
    if (!outcome.ok) return refuseOnSecurity(c, deps, browser, outcome, { form: "recoveryCodes" })
    return answerWithCodes(c, browser, outcome, false)
  })
}

/** `POST /security/second-factor/remove` with `password`: turns it off. */
export function removeSecondFactor(deps: SignInDeps): Handler<AppEnv> {
  return onSecurity(deps, async (c, browser, form) => {
    const password = form.get("password") ?? ""
    const visit = visitOf(c, deps.clientAddress)
    const outcome = await deps.accounts.secondFactor.remove(browser, { password }, visit)
    if (!outcome.ok) return refuseOnSecurity(c, deps, browser, outcome, { form: "removeSecondFactor" })
    return leaveWith(c, outcome.setCookies, securityUrl("second-factor-off", outcome.endedSessions))
  })
}

function answerWithCodes(
  c: Context<AppEnv>,
  { account }: BrowserSession,
  outcome: { setCookies: readonly string[]; recoveryCodes: readonly string[] },
  turnedOn: boolean,
): Promise<Response> {
  setCookiesOf(c, outcome.setCookies)
  return Promise.resolve(showPage(c, recoveryCodesPage({ account, codes: outcome.recoveryCodes, turnedOn })))
}

/** A page of codes that was loaded again sends its form again. */
function answerSentAlready(c: Context<AppEnv>, { account }: BrowserSession): Promise<Response> {
  return Promise.resolve(showPage(c, recoveryCodesShownPage({ account }), { status: 409 }))
}
