import type { Handler } from "hono"
import type { AppEnv } from "../../middleware/request-log.ts"
import { visitOf } from "../../middleware/visit.ts"
import { securityUrl } from "../../pages/account/security-notices.ts"
import { leaveWith } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"
import { onSecurity, refuseOnSecurity } from "./security.ts"

/** `POST /security/password` with `current` and `next`: changes the password, or sets the first one. */
export function changePassword(deps: SignInDeps): Handler<AppEnv> {
  return onSecurity(deps, async (c, browser, form) => {
    const { hasPassword } = await deps.accounts.security(browser.account.id)
    const typed = { current: form.get("current") ?? "", next: form.get("next") ?? "" }
    const visit = visitOf(c, deps.clientAddress)
    const outcome = await deps.accounts.passwords.change(browser, typed, visit)
    if (!outcome.ok) return refuseOnSecurity(c, deps, browser, outcome, { form: "password" })
    const done = hasPassword ? "password-changed" : "password-set"
    return leaveWith(c, outcome.setCookies, securityUrl(done, outcome.endedSessions))
  })
}
