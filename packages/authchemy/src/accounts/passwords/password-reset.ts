import type { Audit } from "../../audit/events.ts"
import type { AccountLimits } from "../account-limits.ts"
import { type AccountMails, passwordDigestOf } from "../account-mails.ts"
import type { OwnBrowserSessions } from "../browser-sessions.ts"
import type { Passwords } from "../built-in.ts"
import { passwordProblem, tidyEmail } from "../fields.ts"
import type { LinkContent, OneTimeLinks } from "../one-time-links.ts"
import { BREACHED, NOT_AN_EMAIL, refusal, tooManyAttempts, VOID_LINK } from "../refusals.ts"
import type { AccountChanges } from "../shared-parts.ts"
import type { StoredAccount, StoredAccounts } from "../stored-accounts.ts"
import type { WaysRemoval } from "../ways-to-sign-in-removal.ts"
import type { BreachedPasswords } from "./breached-passwords.ts"
import type { PasswordHashing } from "./password-hashing.ts"

/** A new password by a link that is sent by mail. A link is void as soon as the password is another, whatever changed it. */
export function createPasswordReset(options: {
  stored: StoredAccounts
  sessions: Pick<OwnBrowserSessions, "endAll">
  ways: WaysRemoval
  changes: AccountChanges
  hashing: PasswordHashing
  limits: AccountLimits
  links: OneTimeLinks
  mails: AccountMails
  breached: BreachedPasswords
  audit: Audit
}): Pick<Passwords, "requestReset" | "resetTarget" | "reset"> {
  const { stored, sessions, ways, changes, hashing, limits, links, mails, breached, audit } = options

  const accountOf = async (content: LinkContent<"reset-password"> | null): Promise<StoredAccount | null> => {
    const account = content === null ? null : await stored.byId(content.accountId)
    if (account === null || account.email !== content?.email || account.disabledAt !== null) return null
    return content.passwordDigest === passwordDigestOf(account.passwordHash) ? account : null
  }

  return {
    requestReset: async (form, visit) => {
      const email = tidyEmail(form.email)
      if (email === null) return refusal("email", NOT_AN_EMAIL)
      const admission = await limits.admitMailRequest(visit.address)
      if (!admission.admitted) return tooManyAttempts(admission.retryAfterSeconds)
      await mails.check()
      const account = await stored.byEmail(email)
      audit.record({ type: "password.reset_requested", accountId: account?.id ?? null })
      if (account !== null && account.disabledAt === null) mails.sendReset(account)
      return { ok: true, setCookies: [] }
    },

    resetTarget: async (token) => {
      const account = await accountOf(await links.read("reset-password", token))
      return account === null ? null : { email: account.email, emailVerified: account.emailVerified }
    },

    reset: async (form, visit) => {
      const shown = await accountOf(await links.read("reset-password", form.token))
      if (shown === null) return refusal("form", VOID_LINK)
      const problem = passwordProblem(form.password)
      if (problem !== null) return refusal("password", problem)
      if (await breached.isBreached(form.password)) return refusal("password", BREACHED)
      const passwordHash = await hashing.hash(form.password)
      const made: { of?: StoredAccount; endedSessions: number } = { endedSessions: 0 }
      const change = async () => {
        const account = await accountOf(await links.redeem("reset-password", form.token))
        if (account === null) return
        await stored.setPassword(account.id, passwordHash)
        made.of = account
        if (!account.emailVerified) {
          // Whoever made the account with somebody else's address must not keep a way into it, nor make a new one meanwhile.
          await sessions.endAll(account.id, null)
          await ways.removeAllButPassword(account.id)
        }
        await stored.markEmailVerified(account.id)
      }
      const noteEnded = (endedSessions: number) => {
        made.endedSessions = endedSessions
      }
      try {
        const { endedSessions } = await changes.endingSessions(shown.id, null, visit, change, noteEnded)
        if (made.of === undefined) return refusal("form", VOID_LINK)
        // What a request of theirs has made that was under way until now.
        if (!made.of.emailVerified) await ways.removeAllButPassword(shown.id)
        return { ok: true, setCookies: [], endedSessions, stillOpen: await ways.others(shown.id) }
      } finally {
        // Whatever else has failed, the password is another.
        if (made.of !== undefined) {
          const { of: account, endedSessions } = made
          audit.record({ type: "password.reset", accountId: account.id, details: { endedSessions } })
          changes.notify(account, "password_reset", visit)
        }
      }
    },
  }
}
