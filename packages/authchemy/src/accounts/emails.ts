import type { Audit } from "../audit/events.ts"
import type { AccountLimits } from "./account-limits.ts"
import type { AccountMails } from "./account-mails.ts"
import type { Emails, Refusal, Visit } from "./built-in.ts"
import { LONGEST_PASSWORD, tidyEmail } from "./fields.ts"
import type { LinkContent, OneTimeLinks } from "./one-time-links.ts"
import type { PasswordHashing } from "./passwords/password-hashing.ts"
import type { SignInLimits } from "./passwords/sign-in-limits.ts"
import { NOT_AN_EMAIL, PASSWORD_NEEDED, refusal, tooManyAttempts, VOID_LINK } from "./refusals.ts"
import type { StoredAccount, StoredAccounts } from "./stored-accounts.ts"

/** Proof that an email is its account's own, by a link that is sent to it and the account's password. */
export function createEmails(options: {
  stored: StoredAccounts
  hashing: PasswordHashing
  limits: AccountLimits
  signInLimits: SignInLimits
  links: OneTimeLinks
  mails: AccountMails
  audit: Audit
  mustVerifyEmail: boolean
  /** Whether there is a mail server. */
  canSend: boolean
}): Emails {
  const { stored, hashing, limits, signInLimits, links, mails, audit, mustVerifyEmail } = options

  /** Without a password an account has its email from a provider, and needs no proof of it. */
  const accountOf = async (
    content: LinkContent<"verify-email"> | null,
  ): Promise<(StoredAccount & { passwordHash: string }) | null> => {
    const account = content === null ? null : await stored.byId(content.accountId)
    if (account === null || account.email !== content?.email || account.disabledAt !== null) return null
    const { passwordHash } = account
    return passwordHash === null ? null : { ...account, passwordHash }
  }

  /** @returns why the password is refused, or `null` */
  const checkPassword = async (
    { id, email, passwordHash: hash }: StoredAccount & { passwordHash: string },
    password: string,
    visit: Visit,
  ): Promise<Refusal | null> => {
    if (password === "") return refusal("password", PASSWORD_NEEDED)
    const admission = await signInLimits.admitSignIn(email, visit.address)
    if (!admission.admitted) return tooManyAttempts(admission.retryAfterSeconds)
    try {
      if (password.length <= LONGEST_PASSWORD && (await hashing.verify({ hash, password }))) {
        await admission.giveBack()
        return null
      }
    } catch (fault) {
      await admission.giveBack()
      throw fault
    }
    const details = { method: "password", reason: "wrong_password" }
    audit.record({ type: "sign_in.failed", accountId: id, details })
    return refusal("password", "The password is wrong.")
  }

  return {
    mustBeVerified: mustVerifyEmail,
    areSent: options.canSend,

    sendVerification: async (form, visit) => {
      const email = tidyEmail(form.email)
      if (email === null) return refusal("email", NOT_AN_EMAIL)
      const admission = await limits.admitMailRequest(visit.address)
      if (!admission.admitted) return tooManyAttempts(admission.retryAfterSeconds)
      await mails.check()
      const account = await stored.byEmail(email)
      if (
        account !== null &&
        account.disabledAt === null &&
        !account.emailVerified &&
        account.passwordHash !== null
      ) {
        mails.sendVerification(account)
      }
      return { ok: true, setCookies: [] }
    },

    verificationTarget: async (token) => {
      const account = await accountOf(await links.read("verify-email", token))
      return account === null ? null : { email: account.email }
    },

    verify: async ({ token, password }, visit) => {
      const shown = await accountOf(await links.read("verify-email", token))
      if (shown === null) return refusal("form", VOID_LINK)
      const refused = await checkPassword(shown, password, visit)
      if (refused !== null) return refused
      const account = await accountOf(await links.redeem("verify-email", token))
      // Changed while it was compared, it proves nothing.
      if (account === null || account.passwordHash !== shown.passwordHash) return refusal("form", VOID_LINK)
      if (!account.emailVerified) {
        await stored.markEmailVerified(account.id)
        audit.record({ type: "account.email_verified", accountId: account.id })
      }
      return { ok: true, setCookies: [], email: account.email }
    },
  }
}
