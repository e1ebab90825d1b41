import type { Handler } from "hono"
import type { AppEnv } from "../../middleware/request-log.ts"
import { showPage } from "../../middleware/show-page.ts"
import { homePage } from "../../pages/account/home.ts"
import type { AccountPagesDeps } from "./routes.ts"
import { showSignedIn } from "./signed-in.ts"

/** `GET /`: an overview for who is signed in to this browser. */
export function showHome(deps: AccountPagesDeps): Handler<AppEnv> {
  return showSignedIn(deps, async (c, { account }) => {
    const [sessions, keys, signIns] = await Promise.all([
      deps.tokens.listSessions(account.id),
      deps.accessKeys.list(account.id),
      deps.audit.list({ accountId: account.id, types: ["sign_in.succeeded"], limit: 1 }),
    ])
    const page = homePage({
      account,
      programs: sessions.length,
      accessKeys: keys.length,
      lastSignIn: signIns.events[0] ?? null,
      issuer: deps.issuer,
      now: deps.now(),
    })
    return showPage(c, page)
  })
}
