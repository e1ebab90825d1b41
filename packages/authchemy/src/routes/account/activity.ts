import type { Handler } from "hono"
import { isCursor } from "../../audit/event-rows.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { showPage } from "../../middleware/show-page.ts"
import { activityPage } from "../../pages/account/activity.ts"
import type { AccountPagesDeps } from "./routes.ts"
import { showSignedIn } from "./signed-in.ts"

const EVENTS_A_PAGE = 25

/** `GET /activity?cursor`: what happened to the account. A cursor that is none leads to the first page. */
export function showActivity(deps: AccountPagesDeps): Handler<AppEnv> {
  return showSignedIn(deps, async (c, { account }) => {
    const given = c.req.query("cursor")
    const cursor = given !== undefined && isCursor(given) ? given : null
    const { events, cursor: older } = await deps.audit.list({
      accountId: account.id,
      limit: EVENTS_A_PAGE,
      ...(cursor === null ? {} : { cursor }),
    })
    return showPage(c, activityPage({ account, events, older, isNewest: cursor === null }))
  })
}
