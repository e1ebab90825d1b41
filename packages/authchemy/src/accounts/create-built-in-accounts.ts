import { randomBytes } from "node:crypto"
import type { Logger } from "pino"
import type { Audit } from "../audit/events.ts"
import type { Database } from "../database/database.ts"
import { createMemoryRateLimits } from "../limits/memory.ts"
import type { OpenRateLimiter } from "../limits/rate-limiter.ts"
import type { Mailer } from "../mail/mailer.ts"
import { createAccountChanges } from "./account-changes.ts"
import { createAccountLimits } from "./account-limits.ts"
import { createAccountMails } from "./account-mails.ts"
import { createAdministration } from "./administration.ts"
import { createBackground } from "./background.ts"
import { openBetterAuth } from "./better-auth.ts"
import { createBrowserSessions } from "./browser-sessions.ts"
import { createBrowsers } from "./browsers.ts"
import { BUILT_IN, type BuiltInAccounts } from "./built-in.ts"
import { createEmails } from "./emails.ts"
import { nameFrom } from "./fields.ts"
import { createOneTimeLinks } from "./one-time-links.ts"
import { createPasskeys } from "./passkeys/passkeys.ts"
import type { BreachedPasswords } from "./passwords/breached-passwords.ts"
import { createKnownNetworks } from "./passwords/known-networks.ts"
import { createPasswordHashing } from "./passwords/password-hashing.ts"
import { createPasswordReset } from "./passwords/password-reset.ts"
import { createPasswords } from "./passwords/passwords.ts"
import { createSignInLimits } from "./passwords/sign-in-limits.ts"
import type { ProviderSettings } from "./providers/provider-settings.ts"
import { createProviders } from "./providers/providers.ts"
import { createTakeOver } from "./providers/take-over.ts"
import { createCodeAttempts } from "./second-factor/code-attempts.ts"
import { createSecondFactor } from "./second-factor/second-factor.ts"
import { createSecondFactorSignIn } from "./second-factor/second-factor-sign-in.ts"
import { createSecondFactors } from "./second-factor/second-factors.ts"
import { createSecurity } from "./security.ts"
import type { AccountParts, AccountTokens } from "./shared-parts.ts"
import type { SignUpPolicy } from "./sign-up-policy.ts"
import { createStoredAccounts } from "./stored-accounts.ts"
import { createWaysRemoval } from "./ways-to-sign-in-removal.ts"

/** What the built-in accounts are made with. */
export type BuiltInAccountsOptions = {
  /** Its tables are up to date (`migrate`) when the accounts are used. */
  database: Database
  /** This server's origin; cookies are `Secure` where it is https. */
  issuer: string
  /** At least 32 characters: signs cookies, and encrypts the secrets of second factors. */
  secret: string
  signUpPolicy: SignUpPolicy
  /** Nobody signs in whose email is not verified. */
  mustVerifyEmail: boolean
  /** The site's name, for mails and authenticators. */
  siteName: string
  /** Where attempts are counted; left out, in this process. */
  openRateLimiter?: OpenRateLimiter
  tokens: AccountTokens
  audit: Audit
  mailer: Mailer
  breachedPasswords: BreachedPasswords
  providers: readonly ProviderSettings[]
  logger: Logger
  /** Milliseconds since the epoch; the clock of `tokens`. */
  now: () => number
  /** For asking providers. */
  fetch: typeof globalThis.fetch
}

/**
 * The accounts that this server brings along: on Better Auth, with passkeys and providers of our own.
 * @returns `settled` resolves when what goes on after answers is through, mails above all: whoever closes what the accounts are made with waits for it
 */
export function createBuiltInAccounts(
  options: BuiltInAccountsOptions,
): BuiltInAccounts & { settled(): Promise<void> } {
  const { database, issuer, secret, signUpPolicy, mustVerifyEmail, siteName } = options
  const { openRateLimiter = createMemoryRateLimits().open } = options
  const { tokens, audit, mailer, breachedPasswords: breached, logger, now } = options
  const { providers: settings, fetch } = options

  const hashing = createPasswordHashing()
  const auth = openBetterAuth({ database, issuer, secret, mustVerifyEmail, passwords: hashing, now })
  const stored = createStoredAccounts(database, auth.context)
  const factors = createSecondFactors(database, auth.context)
  const background = createBackground(logger)
  const limits = createAccountLimits(openRateLimiter)
  const links = createOneTimeLinks({ tokens, randomBytes, now })
  const mails = createAccountMails({ mailer, links, limits, background, issuer, siteName, now, logger })
  const sessions = createBrowserSessions({ database, auth, audit, background, now })
  const changes = createAccountChanges({ stored, factors, sessions, hashing, limits, mails, tokens, now })
  const ways = createWaysRemoval(database, factors, audit)
  const signInLimits = createSignInLimits(openRateLimiter, createKnownNetworks({ stored, audit }))
  const attempts = createCodeAttempts({ limits, tokens, now })
  const shared = { auth, stored, factors, sessions, changes, ways, hashing, limits, links, mails, breached }
  const parts: AccountParts = {
    ...{ database, tokens, audit, openRateLimiter, logger, issuer, secret, now },
    ...{ browserSessions: sessions, accountChanges: changes },
  }

  return {
    [BUILT_IN]: true,
    settled: background.settled,
    signUpPolicy,
    browserSession: sessions.browserSession,
    signOut: sessions.signOut,
    signInUrl: (returnTo) => `/sign-in?return_to=${encodeURIComponent(returnTo)}`,
    find: async (accountId) => {
      const row = await database
        .selectFrom("user")
        .select(["id", "email", "name", "disabledAt"])
        .where("id", "=", accountId)
        .executeTakeFirst()
      if (row === undefined || row.disabledAt !== null) return null
      return { id: row.id, email: row.email, name: row.name }
    },
    passwords: {
      ...createPasswords({
        ...{ ...shared, audit, signUpPolicy, mustVerifyEmail },
        limits: signInLimits,
      }),
      ...createPasswordReset({ ...shared, audit }),
    },
    emails: createEmails({
      ...{ ...shared, signInLimits, audit, mustVerifyEmail },
      canSend: options.mailer.canSend,
    }),
    secondFactor: {
      ...createSecondFactor({ ...shared, attempts, tokens, audit, siteName, now }),
      ...createSecondFactorSignIn({ ...shared, attempts, audit }),
    },
    passkeys: createPasskeys(parts, { siteName, providers: settings }),
    providers: createProviders(parts, {
      ...{ settings, signUpPolicy, fetch },
      takeOver: createTakeOver({ database, stored, changes, ways, mustVerifyEmail }),
      createAccount: async ({ email, name }) => {
        const made = await stored.create({
          email,
          name: nameFrom(name, email),
          emailVerified: true,
          passwordHash: null,
        })
        audit.record({ type: "account.created", accountId: made.id, details: { method: "provider" } })
        return { id: made.id, email: made.email, name: made.name }
      },
    }),
    browsers: createBrowsers({ database, audit, now }),
    administration: createAdministration({ ...shared, tokens, audit, now }),
    security: createSecurity({ database, stored, factors, providers: settings }),
  }
}
