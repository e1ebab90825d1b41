import type { Handler } from "hono"
import type { Accounts } from "../accounts/accounts.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { signedInPage } from "../pages/signed-in.ts"

/** `GET /`: who is signed in to this browser; the sign-in page where nobody is. */
export function showHome(deps: { accounts: Accounts }): Handler<AppEnv> {
  return async (c) => {
    const browser = await deps.accounts.browserSession(c.req.raw)
    if (browser === null) return c.redirect(deps.accounts.signInUrl("/"), 303)
    return c.html(signedInPage(browser))
  }
}
