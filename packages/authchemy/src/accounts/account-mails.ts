import { createHash } from "node:crypto"
import type { Logger } from "pino"
import type { Mailer } from "../mail/mailer.ts"
import {
  accountExistsMail,
  resetPasswordMail,
  type SecurityChange,
  securityNoticeMail,
  verifyEmailMail,
} from "../mail/messages.ts"
import type { AccountLimits } from "./account-limits.ts"
import type { Background } from "./background.ts"
import type { OneTimeLinks } from "./one-time-links.ts"
import type { StoredAccount } from "./stored-accounts.ts"

const HOUR_MS = 60 * 60 * 1000
export const RESET_LINK_MS = HOUR_MS
const VERIFICATION_LINK_MS = 24 * HOUR_MS
const RESET_PATH = "/reset-password"
const VERIFY_PATH = "/verify-email"
/** Where a link to reset the password is asked for. */
const FORGOT_PATH = "/forgot-password"

/** The mails to people about their accounts. All but `check` and `resetLink` are sent after the answer; a failure is a log line. */
export type AccountMails = {
  /** @throws MailUnavailableError, which the log then says the reason of */
  check(): Promise<void>
  /** At most one a minute for an email; more are dropped. */
  sendVerification(account: { id: string; email: string }): void
  /** At most one a minute, counted by itself. Not sent where there is no mail server: it has no link to pass on. */
  tellAccountExists(email: string): void
  /** Three an hour; more are dropped. */
  sendReset(account: StoredAccount): void
  /** A link that sets a new password, for as long as the account's password is what it is now. */
  resetLink(account: StoredAccount): Promise<string>
  /** Not sent where there is no mail server. */
  notify(email: string, what: SecurityChange, address: string): void
}

/**
 * @param options.issuer this server's origin
 * @param options.now milliseconds since the epoch
 */
export function createAccountMails(options: {
  mailer: Mailer
  links: OneTimeLinks
  limits: AccountLimits
  background: Background
  issuer: string
  siteName: string
  now: () => number
  logger: Pick<Logger, "error">
}): AccountMails {
  const { mailer, links, limits, background, issuer, now, logger } = options
  const site = { name: options.siteName, url: issuer }
  const signInUrl = `${issuer}/sign-in`
  const resetUrl = `${issuer}${FORGOT_PATH}`

  const mails: AccountMails = {
    check: async () => {
      try {
        await mailer.check()
      } catch (error) {
        logger.error({ err: error }, "the mail server does not take mail")
        throw error
      }
    },

    sendVerification: ({ id, email }) =>
      background.begin("sending a link to verify an email", async () => {
        if (!(await limits.admitVerificationMail(email)).admitted) return
        const token = await links.issue("verify-email", { accountId: id, email }, VERIFICATION_LINK_MS)
        const link = `${issuer}${VERIFY_PATH}?token=${token}`
        await mailer.send(verifyEmailMail({ site, to: email, link, lifetimeMs: VERIFICATION_LINK_MS }))
      }),

    tellAccountExists: (email) => {
      if (!mailer.canSend) return
      background.begin("telling somebody of their account", async () => {
        if (!(await limits.admitAccountExistsMail(email)).admitted) return
        await mailer.send(accountExistsMail({ site, to: email, signInUrl, resetUrl }))
      })
    },

    sendReset: (account) =>
      background.begin("sending a link to reset a password", async () => {
        if (!(await limits.admitResetMail(account.email)).admitted) return
        const link = await mails.resetLink(account)
        await mailer.send(resetPasswordMail({ site, to: account.email, link, lifetimeMs: RESET_LINK_MS }))
      }),

    resetLink: async ({ id, email, passwordHash }) => {
      const content = { accountId: id, email, passwordDigest: passwordDigestOf(passwordHash) }
      return `${issuer}${RESET_PATH}?token=${await links.issue("reset-password", content, RESET_LINK_MS)}`
    },

    notify: (email, what, address) => {
      if (!mailer.canSend) return
      const at = now()
      background.begin("telling somebody of a change", () =>
        mailer.send(securityNoticeMail({ site, to: email, what, at, address: address || null, resetUrl })),
      )
    },
  }
  return mails
}

/** Tells one password from the next, without what would help in guessing it: it is made of the salted hash. */
export function passwordDigestOf(passwordHash: string | null): string {
  return createHash("sha256").update(`password ${passwordHash}`).digest("base64url")
}
