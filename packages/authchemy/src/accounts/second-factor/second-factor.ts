import { createHash } from "node:crypto"
import type { Audit } from "../../audit/events.ts"
import type { BrowserSession } from "../accounts.ts"
import { type BetterAuth, CallRefused } from "../better-auth.ts"
import type { OwnBrowserSessions } from "../browser-sessions.ts"
import type { Refusal, SecondFactor, Visit } from "../built-in.ts"
import { CHANGED_MEANWHILE, refusal } from "../refusals.ts"
import type { AccountChanges, AccountTokens } from "../shared-parts.ts"
import type { StoredAccounts } from "../stored-accounts.ts"
import { type CodeAttempts, ENDED_MEANWHILE, tidyCode } from "./code-attempts.ts"
import type { SecondFactors, StoredSecondFactor } from "./second-factors.ts"
import { toBase32, totpUri } from "./totp-uri.ts"

/** How long there is to type the first code, in milliseconds. */
const BEGUN_MS = 10 * 60 * 1000

const NOTHING_BEGUN = "Nothing is being set up here, or it was begun too long ago. Begin again."
const ALREADY_ON = "The second factor is on already. Turn it off first to set up another one."
const OFF = "The second factor is off."

/**
 * Setting a second factor up and taking it away. What asks for it at a sign-in is `second-factor-sign-in.ts`.
 * @param options.now milliseconds since the epoch; the clock of `tokens`
 */
export function createSecondFactor(options: {
  auth: BetterAuth
  stored: StoredAccounts
  factors: SecondFactors
  sessions: OwnBrowserSessions
  changes: AccountChanges
  attempts: CodeAttempts
  tokens: Pick<AccountTokens, "keep" | "recall">
  audit: Audit
  siteName: string
  now: () => number
}): Omit<SecondFactor, "isAwaited" | "answer"> {
  const { auth, stored, factors, sessions, changes, attempts, tokens, audit, siteName, now } = options

  const shown = ({ secret: bytes }: StoredSecondFactor, email: string) => {
    const secret = toBase32(bytes)
    return { secret, uri: totpUri({ issuer: siteName, email, secret }) }
  }
  const opening = async (browser: BrowserSession, visit: Visit) => {
    const openedAt = await sessions.openedAt(browser.sessionId)
    return openedAt === null ? { visit } : { visit, openedAt }
  }

  /** What this browser session has begun a short while ago: whoever is at another one must not see its secret, or turn it on. */
  const begunIn = async ({ account, sessionId }: BrowserSession): Promise<StoredSecondFactor | null> => {
    const factor = await factors.of(account.id)
    if (factor === null || factor.confirmed) return factor
    return (await tokens.recall(nameOf(account.id, factor))) === sessionId ? factor : null
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
        if (begun === null || begun.confirmed) return refusal("form", NOTHING_BEGUN)
        await tokens.keep(nameOf(account.id, begun), browser.sessionId, now() + BEGUN_MS)
        return { ok: true, setCookies, ...shown(begun, account.email) }
      } catch (error) {
        return refusedAs(error, { TOTP_ALREADY_ENABLED: refusal("form", ALREADY_ON) })
      }
    },

    begun: async (browser) => {
      const factor = await begunIn(browser)
      if (factor === null || factor.confirmed) return null
      const account = await stored.byId(browser.account.id)
      return account === null ? null : shown(factor, account.email)
    },

    confirm: async (browser, form, request, visit) => {
      const { account } = browser
      const begun = await begunIn(browser)
      if (begun === null) return refusal("form", NOTHING_BEGUN)
      if (begun.confirmed) return refusal("form", ALREADY_ON)
      const code = tidyCode(form.code)
      const tried = await attempts.tryCode(account.id, code, async () => {
        const undisturbed = await sessions.watchEndings(account.id)
        const confirmed = await auth
          .confirmSecondFactor(code, request, await opening(browser, visit))
          .catch(async (error: unknown) => {
            await undisturbed()
            throw error
          })
        if (await undisturbed()) return confirmed
        // Better Auth has opened a new session meanwhile, which what ended all has not seen (S48).
        await changes.endingSessions(account.id, null, visit, () => factors.remove(account.id))
        throw new CallRefused(ENDED_MEANWHILE)
      })
      if (!tried.ok) return tried
      audit.record({ type: "second_factor.added", accountId: account.id })
      changes.notify(account, "second_factor_added", visit)
      return { ok: true, setCookies: tried.setCookies, recoveryCodes: begun.recoveryCodes }
    },

    renewRecoveryCodes: async (browser, form, request, visit) => {
      const { account } = browser
      const refused = await changes.confirm(browser, form.password, visit)
      if (refused !== null) return refused
      try {
        const renewed = await auth.renewRecoveryCodes(form.password, request, await opening(browser, visit))
        audit.record({ type: "recovery_codes.renewed", accountId: account.id })
        changes.notify(account, "recovery_codes_renewed", visit)
        if (!(await sessions.isOpen(browser))) return refusal("form", CHANGED_MEANWHILE)
        return { ok: true, setCookies: renewed.setCookies, recoveryCodes: renewed.answer.backupCodes }
      } catch (error) {
        return refusedAs(error, { TWO_FACTOR_NOT_ENABLED: refusal("form", OFF) })
      }
    },

    remove: async (browser, form, visit) => {
      const { account } = browser
      const refused = await changes.confirm(browser, form.password, visit)
      if (refused !== null) return refused
      const factor = await factors.of(account.id)
      if (factor === null || !factor.confirmed) return refusal("form", OFF)
      return changes.removing(browser, visit, {
        remove: () => factors.removeFor(browser),
        made: (endedSessions) => {
          audit.record({ type: "second_factor.removed", accountId: account.id, details: { endedSessions } })
          changes.notify(account, "second_factor_removed", visit)
        },
      })
    },
  }
}

/** A refusal that is not expected comes of what has changed meanwhile: the browser session has ended, or the password is another. */
function refusedAs(error: unknown, expected: Readonly<Record<string, Refusal>>): Refusal {
  if (!(error instanceof CallRefused)) throw error
  return expected[error.code] ?? refusal("form", CHANGED_MEANWHILE)
}

/** Each secret is of one beginning. */
function nameOf(accountId: string, { secret }: StoredSecondFactor): string {
  return `second factor begun ${accountId} ${createHash("sha256").update(secret).digest("base64url")}`
}
