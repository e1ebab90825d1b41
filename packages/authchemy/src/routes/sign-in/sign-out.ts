import type { Handler } from "hono"
import type { Accounts } from "../../accounts/accounts.ts"
import { readForm } from "../../middleware/request-body.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { requireSameOrigin } from "../../middleware/same-origin.ts"
import { returnPathOf } from "../return-path.ts"

/** `POST /sign-out` with `return_to`: ends this browser's session. Sessions of command-line programs go on. */
export function submitSignOut(deps: { issuer: string; accounts: Accounts }): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    for (const cookie of await deps.accounts.signOut(c.req.raw)) {
      c.header("Set-Cookie", cookie, { append: true })
    }
    return c.redirect(returnPathOf(form.get("return_to"), deps.issuer), 303)
  }
}
