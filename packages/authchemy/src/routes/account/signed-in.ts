import type { Context, Handler } from "hono"
import type { Accounts, BrowserSession } from "../../accounts/accounts.ts"
import { readForm } from "../../middleware/request-body.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { requireSameOrigin } from "../../middleware/same-origin.ts"
import type { FormTokens } from "../form-token.ts"

type Answer = Response | Promise<Response>

/** Answers `GET` to who is signed in to this browser; anybody else is sent to sign in, and comes back. */
export function showSignedIn(
  deps: { accounts: Accounts },
  answer: (c: Context<AppEnv>, browser: BrowserSession) => Answer,
): Handler<AppEnv> {
  return async (c) => {
    const browser = await deps.accounts.browserSession(c.req.raw)
    if (browser !== null) return answer(c, browser)
    const { pathname, search } = new URL(c.req.url)
    return c.redirect(deps.accounts.signInUrl(pathname + search), 303)
  }
}

/**
 * Answers a form that was posted from a page of this server, in the browser session that it was shown to. Who is not signed in (any more) is sent to sign in, and comes
 * back to the page of the form; nothing has happened then.
 * @param pageOf the path of that page
 * @throws RequestRefused 403, 415, 413, 400
 */
export function takeForm(
  deps: { issuer: string; accounts: Accounts; formTokens: FormTokens },
  pageOf: (c: Context<AppEnv>) => string,
  answer: (c: Context<AppEnv>, browser: BrowserSession, form: ReadonlyMap<string, string>) => Answer,
): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const browser = await deps.accounts.browserSession(c.req.raw)
    if (browser === null) return c.redirect(deps.accounts.signInUrl(pageOf(c)), 303)
    deps.formTokens.require(form, browser)
    return answer(c, browser, form)
  }
}
