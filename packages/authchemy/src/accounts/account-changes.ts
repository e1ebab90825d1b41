import type { AccountLimits } from "./account-limits.ts"
import type { AccountMails } from "./account-mails.ts"
import type { OwnBrowserSessions } from "./browser-sessions.ts"
import { LONGEST_PASSWORD } from "./fields.ts"
import type { PasswordHashing } from "./passwords/password-hashing.ts"
import { CHANGED_MEANWHILE, PASSWORD_NEEDED, refusal, tooManyAttempts } from "./refusals.ts"
import type { SecondFactors } from "./second-factor/second-factors.ts"
import type { AccountChanges, AccountTokens } from "./shared-parts.ts"
import type { StoredAccounts } from "./stored-accounts.ts"

/** How long ago somebody may have signed in who has no password to confirm with, in milliseconds. */
const FRESH_MS = 15 * 60 * 1000

/** Why a change was not made: nothing has happened then. */
class NotMade extends Error {}

/** @param options.now milliseconds since the epoch */
export function createAccountChanges(options: {
  stored: StoredAccounts
  factors: Pick<SecondFactors, "dropBegun">
  sessions: OwnBrowserSessions
  hashing: PasswordHashing
  limits: AccountLimits
  mails: AccountMails
  tokens: AccountTokens
  now: () => number
}): AccountChanges {
  const { stored, factors, sessions, hashing, limits, mails, tokens, now } = options

  const isFresh = async (sessionId: string) => {
    const openedAt = await sessions.openedAt(sessionId)
    return openedAt !== null && now() - openedAt.getTime() < FRESH_MS
  }

  const changes: AccountChanges = {
    confirm: async (browser, password) => {
      const account = await stored.byId(browser.account.id)
      const hash = account?.passwordHash ?? null
      if (hash === null) {
        if (account !== null && (await isFresh(browser.sessionId))) return null
        return refusal(
          "form",
          "This needs a sign-in of the last 15 minutes. Sign out, sign in again, and try once more.",
        )
      }
      if (password === "") return refusal("password", PASSWORD_NEEDED)
      const admission = await limits.admitConfirmation(browser.account.id)
      if (!admission.admitted) return tooManyAttempts(admission.retryAfterSeconds)
      try {
        const right = password.length <= LONGEST_PASSWORD && (await hashing.verify({ hash, password }))
        if (!right) return refusal("password", "The password is wrong.")
      } catch (fault) {
        await admission.giveBack()
        throw fault
      }
      await admission.giveBack()
      return null
    },

    endingSessions: async (accountId, browser, visit, change, made = () => {}) => {
      let endedSessions = await tokens.revokeSessions(accountId)
      await change()
      try {
        await factors.dropBegun(accountId)
        let setCookies: string[] = []
        if (browser === null) await sessions.endAll(accountId, null)
        else setCookies = await sessions.renew(browser, visit)
        endedSessions += await tokens.revokeSessions(accountId)
        return { setCookies, endedSessions }
      } finally {
        made(endedSessions)
      }
    },

    removing: async (browser, visit, { remove, made }) => {
      const change = async () => {
        if (!(await remove())) throw new NotMade()
      }
      try {
        return {
          ok: true,
          ...(await changes.endingSessions(browser.account.id, browser, visit, change, made)),
        }
      } catch (error) {
        if (error instanceof NotMade) return refusal("form", CHANGED_MEANWHILE)
        throw error
      }
    },

    stays: async (browser, visit, takeAway) => {
      try {
        if (await sessions.isOpen(browser)) return true
      } catch (fault) {
        await takeAway()
        throw fault
      }
      await changes.endingSessions(browser.account.id, null, visit, takeAway)
      return false
    },

    notify: ({ email }, what, { address }) => mails.notify(email, what, address),
  }
  return changes
}
