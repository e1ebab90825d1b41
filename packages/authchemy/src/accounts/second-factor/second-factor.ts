import type { Audit } from "../../audit/events.ts"
import type { BrowserSession } from "../accounts.ts"
import { type BetterAuth, CallRefused } from "../better-auth.ts"
import type { OwnBrowserSessions } from "../browser-sessions.ts"
import type { Refusal, SecondFactor, Visit } from "../built-in.ts"
import { refusal } from "../refusals.ts"
import type { AccountChanges } from "../shared-parts.ts"
import type { StoredAccounts } from "../stored-accounts.ts"
import { type CodeAttempts, tidyCode } from "./code-attempts.ts"
import type { SecondFactors, StoredSecondFactor } from "./second-factors.ts"
import { toBase32, totpUri } from "./totp-uri.ts"

const NOTHING_BEGUN = "Nothing is being set up. Begin again."
const ALREADY_ON = "The second factor is on already. Turn it off first to set up another one."
const OFF = "The second factor is off."

/** Setting a second factor up and taking it away. What asks for it at a sign-in is `second-factor-sign-in.ts`. */
export function createSecondFactor(options: {
  auth: BetterAuth
  stored: StoredAccounts
  factors: SecondFactors
  sessions: OwnBrowserSessions
  changes: AccountChanges
  attempts: CodeAttempts
  audit: Audit
  siteName: string
}): Omit<SecondFactor, "isAwaited" | "answer"> {
  const { auth, stored, factors, sessions, changes, attempts, audit, siteName } = options

  const shown = ({ secret: bytes }: StoredSecondFactor, email: string) => {
    const secret = toBase32(bytes)
    return { secret, uri: totpUri({ issuer: siteName, email, secret }) }
  }
  const opening = async (browser: BrowserSession, visit: Visit) => {
    const openedAt = await sessions.openedAt(browser.sessionId)
    return openedAt === null ? { visit } : { visit, openedAt }
  }

  return {
    begin: async (browser, form, request, visit) => {
      const { account } = browser
      const refused = await changes.confirm(browser, form.password, visit)
      if (refused !== null) return refused
      try {
        const { setCookies } = await auth.beginSecondFactor(
          form.password,
          request,
          await opening(browser, visit),
        )
        const begun = await factors.of(account.id)
        if (begun === null) return refusal("form", NOTHING_BEGUN)
        return { ok: true, setCookies, ...shown(begun, account.email) }
      } catch (error) {
        return refusedAs(error, { TOTP_ALREADY_ENABLED: refusal("form", ALREADY_ON) })
      }
    },

    begun: async (accountId) => {
      const factor = await factors.of(accountId)
      if (factor === null || factor.confirmed) return null
      const account = await stored.byId(accountId)
      return account === null ? null : shown(factor, account.email)
    },

    confirm: async (browser, form, request, visit) => {
      const { account } = browser
      const begun = await factors.of(account.id)
      if (begun === null) return refusal("form", NOTHING_BEGUN)
      if (begun.confirmed) return refusal("form", ALREADY_ON)
      const code = tidyCode(form.code)
      const tried = await attempts.tryCode(account.id, code, async () =>
        auth.confirmSecondFactor(code, request, await opening(browser, visit)),
      )
      if (!tried.ok) return tried
      audit.record({ type: "second_factor.added", accountId: account.id })
      return { ok: true, setCookies: tried.setCookies, recoveryCodes: begun.recoveryCodes }
    },

    renewRecoveryCodes: async (browser, form, request, visit) => {
      const { account } = browser
      const refused = await changes.confirm(browser, form.password, visit)
      if (refused !== null) return refused
      try {
        const renewed = await auth.renewRecoveryCodes(form.password, request, await opening(browser, visit))
        audit.record({ type: "recovery_codes.renewed", accountId: account.id })
        return { ok: true, setCookies: renewed.setCookies, recoveryCodes: renewed.answer.backupCodes }
      } catch (error) {
        return refusedAs(error, { TWO_FACTOR_NOT_ENABLED: refusal("form", OFF) })
      }
    },

    remove: async (browser, form, _request, visit) => {
      const { account } = browser
      const refused = await changes.confirm(browser, form.password, visit)
      if (refused !== null) return refused
      const factor = await factors.of(account.id)
      if (factor === null || !factor.confirmed) return refusal("form", OFF)
      const ended = await changes.endingSessions(account.id, browser, visit, () => factors.remove(account.id))
      const { endedSessions } = ended
      audit.record({ type: "second_factor.removed", accountId: account.id, details: { endedSessions } })
      changes.notify(account, "second_factor_removed", visit)
      return { ok: true, ...ended }
    },
  }
}

/** A refusal that is not expected comes of what has changed meanwhile: the browser session has ended, or the password is another. */
function refusedAs(error: unknown, expected: Readonly<Record<string, Refusal>>): Refusal {
  if (!(error instanceof CallRefused)) throw error
  return (
    expected[error.code] ??
    refusal("form", "Something about this account has changed meanwhile. Sign in again.")
  )
}
