import type { Audit } from "../../audit/events.ts"
import type { AccountLimits } from "../account-limits.ts"
import { type AccountMails, passwordDigestOf } from "../account-mails.ts"
import type { Passwords } from "../built-in.ts"
import { passwordProblem, tidyEmail } from "../fields.ts"
import type { LinkContent, OneTimeLinks } from "../one-time-links.ts"
import { BREACHED, NOT_AN_EMAIL, refusal, tooManyAttempts } from "../refusals.ts"
import type { AccountChanges } from "../shared-parts.ts"
import type { StoredAccount, StoredAccounts } from "../stored-accounts.ts"
import type { WaysRemoval } from "../ways-to-sign-in-removal.ts"
import type { BreachedPasswords } from "./breached-passwords.ts"
import type { PasswordHashing } from "./password-hashing.ts"

const VOID_LINK = "This link has been used or has expired. Ask for a new one."

/** A new password by a link that is sent by mail. A link is void as soon as the password is another, whatever changed it. */
export function createPasswordReset(options: {
  stored: StoredAccounts
  ways: WaysRemoval
  changes: AccountChanges
  hashing: PasswordHashing
  limits: AccountLimits
  links: OneTimeLinks
  mails: AccountMails
  breached: BreachedPasswords
  audit: Audit
}): Pick<Passwords, "requestReset" | "resetTarget" | "reset"> {
  const { stored, ways, changes, hashing, limits, links, mails, breached, audit } = options

  const accountOf = async (content: LinkContent<"reset-password"> | null): Promise<StoredAccount | null> => {
    const account = content === null ? null : await stored.byId(content.accountId)
    if (account === null || account.email !== content?.email) return null
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
      return account === null ? null : { email: account.email }
    },

    reset: async (form, visit) => {
      const shown = await accountOf(await links.read("reset-password", form.token))
      if (shown === null) return refusal("form", VOID_LINK)
      const problem = passwordProblem(form.password)
      if (problem !== null) return refusal("password", problem)
      if (await breached.isBreached(form.password)) return refusal("password", BREACHED)
      const passwordHash = await hashing.hash(form.password)
      let account: StoredAccount | null = null
      const { endedSessions } = await changes.endingSessions(shown.id, null, visit, async () => {
        account = await accountOf(await links.redeem("reset-password", form.token))
        if (account === null) return
        // Whoever made the account with somebody else's address must not keep a way into it.
        if (!account.emailVerified) await ways.removeAllButPassword(account.id)
        await stored.setPassword(account.id, passwordHash)
        await stored.markEmailVerified(account.id)
      })
      // TypeScript does not see what the function above assigns.
      const done = account as StoredAccount | null
      if (done === null) return refusal("form", VOID_LINK)
      audit.record({ type: "password.reset", accountId: done.id, details: { endedSessions } })
      changes.notify(done, "password_reset", visit)
      return { ok: true, setCookies: [], endedSessions }
    },
  }
}
