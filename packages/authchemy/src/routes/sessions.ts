import { WIRE_ERRORS } from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import type { Handler } from "hono"
import * as v from "valibot"
import type { Accounts } from "../accounts/accounts.ts"
import { readForm } from "../middleware/request-body.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { requireSameOrigin } from "../middleware/same-origin.ts"
import { ALL_SESSIONS, SESSIONS_PATH, sessionsPage } from "../pages/sessions.ts"
import { createSeal, type Seal } from "./seal.ts"

/** How long a page of sessions can be acted on, in milliseconds. */
export const SESSIONS_FORM_LIFETIME_MS = 24 * 60 * 60 * 1000

/** Proves that a form was on a page of sessions shown to this account in this browser; carries nothing else. */
export type SessionsSeal = Seal<object>

type SessionsDeps = { issuer: string; accounts: Accounts; tokens: TokenService; sessionsSeal: SessionsSeal }

/**
 * @param secret the server's secret
 * @param now milliseconds since the epoch
 */
export function createSessionsSeal(secret: string, now: () => number): SessionsSeal {
  const lifetimeMs = SESSIONS_FORM_LIFETIME_MS
  return createSeal({ secret, purpose: "authchemy sessions form", schema: v.object({}), lifetimeMs, now })
}

/** `GET /sessions`: the command-line programs that are signed in to this account. */
export function showSessions(deps: SessionsDeps): Handler<AppEnv> {
  return async (c) => {
    const browser = await deps.accounts.browserSession(c.req.raw)
    if (browser === null) return c.redirect(deps.accounts.signInUrl(SESSIONS_PATH), 303)
    const sessions = await deps.tokens.listSessions(browser.account.id)
    const formToken = deps.sessionsSeal.seal({}, browser)
    return c.html(sessionsPage({ account: browser.account, sessions, formToken }))
  }
}

/**
 * `POST /sessions` with `session` (an id, or `all`) and `form_token`: ends what the account has of it. An id that is unknown,
 * ended already or another account's is answered the same way, and ends nothing.
 */
export function endSessions(deps: SessionsDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const browser = await deps.accounts.browserSession(c.req.raw)
    if (browser === null) return c.redirect(deps.accounts.signInUrl(SESSIONS_PATH), 303)
    if (deps.sessionsSeal.open(form.get("form_token") ?? "", browser) === null) {
      const sentence = "This page of sessions has expired, or was opened in another browser or account."
      throw new RequestRefused(403, WIRE_ERRORS.forbidden, sentence)
    }
    const session = form.get("session") ?? ""
    if (session === "") {
      throw new RequestRefused(400, WIRE_ERRORS.invalidRequest, "session must be an id or all.")
    }
    if (session === ALL_SESSIONS) await deps.tokens.revokeSessions(browser.account.id)
    else await deps.tokens.revokeSession(browser.account.id, session)
    return c.redirect(SESSIONS_PATH, 303)
  }
}
