import { randomBytes } from "node:crypto"
import { WIRE_ERRORS } from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import * as v from "valibot"
import type { BrowserSession } from "../accounts/accounts.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { createSeal } from "./seal.ts"

/** How long a page with forms can be acted on, in milliseconds. */
export const FORM_LIFETIME_MS = 24 * 60 * 60 * 1000

/** The name of the input that carries a form's token. */
const FORM_TOKEN = "form_token"

/** Proves that a form was on a page of this server, shown to this account in this browser session. */
export type FormTokens = {
  /** A token for the forms of a page. */
  issue(browser: BrowserSession): string
  /** @throws RequestRefused 403 where the form carries none that is good here */
  require(form: ReadonlyMap<string, string>, browser: BrowserSession): void
  /**
   * As `require`, for a form whose answer is shown once: `false` where this form has been posted already, as a page that is reloaded does.
   * @throws RequestRefused 403
   */
  requireOnce(form: ReadonlyMap<string, string>, browser: BrowserSession): Promise<boolean>
}

/**
 * @param options.secret the server's secret
 * @param options.now milliseconds since the epoch
 */
export function createFormTokens(options: {
  secret: string
  tokens: Pick<TokenService, "keep">
  now: () => number
}): FormTokens {
  const { secret, tokens, now } = options
  const lifetimeMs = FORM_LIFETIME_MS
  const schema = v.object({ nonce: v.string() })
  const seal = createSeal({ secret, purpose: "authchemy account form", schema, lifetimeMs, now })

  const nonceOf = (form: ReadonlyMap<string, string>, browser: BrowserSession): string => {
    const opened = seal.open(form.get(FORM_TOKEN) ?? "", browser)
    if (opened !== null) return opened.nonce
    const sentence = "This page has expired, or was opened in another browser or account."
    throw new RequestRefused(403, WIRE_ERRORS.forbidden, sentence)
  }
  return {
    issue: (browser) => seal.seal({ nonce: randomBytes(12).toString("base64url") }, browser),
    require: (form, browser) => {
      nonceOf(form, browser)
    },
    requireOnce: async (form, browser) =>
      tokens.keep(`authchemy form ${nonceOf(form, browser)}`, "", now() + lifetimeMs),
  }
}
