import type { AccountLimits } from "./account-limits.ts"
import type { AccountMails } from "./account-mails.ts"
import type { OwnBrowserSessions } from "./browser-sessions.ts"
import { LONGEST_PASSWORD } from "./fields.ts"
import type { PasswordHashing } from "./passwords/password-hashing.ts"
import { PASSWORD_NEEDED, refusal, tooManyAttempts } from "./refusals.ts"
import type { AccountChanges, AccountTokens } from "./shared-parts.ts"
import type { StoredAccounts } from "./stored-accounts.ts"

/** How long ago somebody may have signed in who has no password to confirm with, in milliseconds. */
const FRESH_MS = 15 * 60 * 1000

/** @param options.now milliseconds since the epoch */
export function createAccountChanges(options: {
  stored: StoredAccounts
  sessions: OwnBrowserSessions
  hashing: PasswordHashing
  limits: AccountLimits
  mails: AccountMails
  tokens: AccountTokens
  now: () => number
}): AccountChanges {
  const { stored, sessions, hashing, limits, mails, tokens, now } = options

  const isFresh = async (sessionId: string) => {
    const openedAt = await sessions.openedAt(sessionId)
    return openedAt !== null && now() - openedAt.getTime() < FRESH_MS
  }

  return {
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

    endingSessions: async (accountId, browser, visit, change) => {
      const endedBefore = await tokens.revokeSessions(accountId)
      await change()
      // A browser whose session another change has ended meanwhile gets no new one.
      const openedAt = browser === null ? null : await sessions.openedAt(browser.sessionId)
      await sessions.endAll(accountId, null)
      const endedSessions = endedBefore + (await tokens.revokeSessions(accountId))
      if (openedAt === null) return { setCookies: [], endedSessions }
      const opened = await sessions.open(accountId, visit, openedAt)
      return { setCookies: opened.ok ? opened.setCookies : [], endedSessions }
    },

    notify: ({ email }, what, { address }) => mails.notify(email, what, address),
  }
}
