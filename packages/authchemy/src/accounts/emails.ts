import type { Audit } from "../audit/events.ts"
import type { AccountLimits } from "./account-limits.ts"
import type { AccountMails } from "./account-mails.ts"
import type { Emails } from "./built-in.ts"
import { tidyEmail } from "./fields.ts"
import type { OneTimeLinks } from "./one-time-links.ts"
import { NOT_AN_EMAIL, refusal, tooManyAttempts } from "./refusals.ts"
import type { StoredAccounts } from "./stored-accounts.ts"

/** Proof that an email is its account's own, by a link that is sent to it. */
export function createEmails(options: {
  stored: StoredAccounts
  limits: AccountLimits
  links: OneTimeLinks
  mails: AccountMails
  audit: Audit
  mustVerifyEmail: boolean
}): Emails {
  const { stored, limits, links, mails, audit, mustVerifyEmail } = options

  return {
    mustBeVerified: mustVerifyEmail,

    sendVerification: async (form, visit) => {
      const email = tidyEmail(form.email)
      if (email === null) return refusal("email", NOT_AN_EMAIL)
      const admission = await limits.admitMailRequest(visit.address)
      if (!admission.admitted) return tooManyAttempts(admission.retryAfterSeconds)
      await mails.check()
      const account = await stored.byEmail(email)
      if (account !== null && account.disabledAt === null && !account.emailVerified) {
        mails.sendVerification(account)
      }
      return { ok: true, setCookies: [] }
    },

    verify: async (token) => {
      const content = await links.redeem("verify-email", token)
      const account = content === null ? null : await stored.byId(content.accountId)
      if (account === null || account.email !== content?.email) return null
      if (!account.emailVerified) {
        await stored.markEmailVerified(account.id)
        audit.record({ type: "account.email_verified", accountId: account.id })
      }
      return { email: account.email }
    },
  }
}
