import { WIRE_ERRORS } from "@authchemy/protocol"
import type { Context, Handler } from "hono"
import type { BrowserSession } from "../../accounts/accounts.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"
import { showPage } from "../../middleware/show-page.ts"
import { OTHER_BROWSERS } from "../../pages/account/browsers-panel.ts"
import { ALL_SESSIONS, type Ended, SESSIONS_PATH, sessionsPage } from "../../pages/account/sessions.ts"
import { countTakenBack, pendingApprovals } from "./pending-approvals.ts"
import { plainId } from "./plain-id.ts"
import type { AccountPagesDeps } from "./routes.ts"
import { sessionAddresses } from "./session-addresses.ts"
import { showSignedIn, takeForm } from "./signed-in.ts"

/** `GET /sessions`: the command-line programs and browsers that are signed in to this account. */
export function showSessions(deps: AccountPagesDeps): Handler<AppEnv> {
  return showSignedIn(deps, async (c, browser) => {
    const { tokens, audit, builtIn } = deps
    const { account } = browser
    const now = deps.now()
    const [sessions, pending, browsers] = await Promise.all([
      tokens.listSessions(account.id),
      pendingApprovals(audit, account.id, now),
      builtIn === null ? null : builtIn.browsers.list(browser),
    ])
    const addresses = await sessionAddresses(audit, account.id, sessions)
    const formToken = deps.formTokens.issue(browser)
    const ended = endedIn(new URL(c.req.url).searchParams)
    return showPage(
      c,
      sessionsPage({ account, sessions, addresses, pending, browsers, ended, formToken, now }),
    )
  })
}

/**
 * `POST /sessions` with `form_token` and either `session` (an id, or `all`) or `browser` (an id, or `others`): ends what the account has of it. An id that is
 * unknown, ended already or another account's is answered the same way, and ends nothing.
 */
export function endSessions(deps: AccountPagesDeps): Handler<AppEnv> {
  return takeForm(
    deps,
    () => SESSIONS_PATH,
    async (c, browser, form) => {
      const session = form.get("session") ?? ""
      const other = form.get("browser") ?? ""
      if ((session === "") === (other === "")) {
        const sentence = "One of session and browser must be there, each an id or a word for several."
        throw new RequestRefused(400, WIRE_ERRORS.invalidRequest, sentence)
      }
      if (session === ALL_SESSIONS) return seeWhatEnded(c, await endAllPrograms(deps, browser))
      if (session !== "") {
        const ended = await deps.tokens.revokeSession(browser.account.id, session)
        return seeWhatEnded(c, { what: "programs", count: ended ? 1 : 0, approvals: 0 })
      }
      return seeWhatEnded(c, { what: "browsers", count: await endBrowsers(deps, browser, other) })
    },
  )
}

/** Ends all programs, which voids the approvals that none of them has collected yet. */
async function endAllPrograms(deps: AccountPagesDeps, { account }: BrowserSession): Promise<Ended> {
  const { tokens, audit, now } = deps
  const begun = now()
  const count = await tokens.revokeSessions(account.id)
  return { what: "programs", count, approvals: await countTakenBack(audit, account.id, begun) }
}

async function endBrowsers(deps: AccountPagesDeps, browser: BrowserSession, id: string): Promise<number> {
  const { builtIn } = deps
  if (builtIn === null) return 0
  if (id === OTHER_BROWSERS) return builtIn.browsers.endOthers(browser)
  return (await builtIn.browsers.end(browser, plainId(id))) ? 1 : 0
}

/** Back to the page, which says what was ended. */
function seeWhatEnded(c: Context<AppEnv>, ended: Ended): Response {
  const { what, count = 0, approvals = 0 }: { what: string; count?: number; approvals?: number } = ended
  const query = count + approvals === 0 ? "ended=nothing" : `ended=${what}&count=${count}`
  return c.redirect(`${SESSIONS_PATH}?${query}${approvals === 0 ? "" : `&approvals=${approvals}`}`, 303)
}

/** What the address says was ended: numbers and words of ours, or nothing. */
function endedIn(query: URLSearchParams): Ended | null {
  const what = query.get("ended")
  const [count, approvals] = [numberIn(query, "count"), numberIn(query, "approvals")]
  if (what === "nothing") return { what }
  if (what === "browsers" && count > 0) return { what, count }
  if (what === "programs" && count + approvals > 0) return { what, count, approvals }
  return null
}

function numberIn(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? ""
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0
}
