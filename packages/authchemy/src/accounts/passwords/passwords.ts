import type { Audit } from "../../audit/events.ts"
import type { AccountMails } from "../account-mails.ts"
import { AccountError } from "../accounts.ts"
import { type BetterAuth, CallRefused } from "../better-auth.ts"
import type { OwnBrowserSessions } from "../browser-sessions.ts"
import type { Passwords, Refusal, SignInOutcome, Visit } from "../built-in.ts"
import { passwordProblem, tidyAccount, tidyEmail } from "../fields.ts"
import { BREACHED, DISABLED, NOT_AN_EMAIL, PASSWORD_NEEDED, refusal, tooManyAttempts } from "../refusals.ts"
import type { AccountChanges } from "../shared-parts.ts"
import { type SignUpPolicy, signUpProblem } from "../sign-up-policy.ts"
import type { StoredAccount, StoredAccounts } from "../stored-accounts.ts"
import type { BreachedPasswords } from "./breached-passwords.ts"
import type { PasswordHashing } from "./password-hashing.ts"
import type { SignInLimits } from "./sign-in-limits.ts"

const WRONG = "The email or the password is wrong."
const CHANGED_MEANWHILE =
  "The password was changed meanwhile, or this browser was signed out. Sign in again, and try once more."
const VERIFY_EMAIL = { ok: true, step: "verify_email", setCookies: [] } as const satisfies SignInOutcome

const FIELDS = {
  email_taken: "email",
  invalid_email: "email",
  invalid_password: "password",
  invalid_name: "name",
} as const

/** @param options.mustVerifyEmail a sign-up and a sign-in go no further than `verify_email` while the email is not verified */
export function createPasswords(options: {
  auth: BetterAuth
  stored: StoredAccounts
  sessions: OwnBrowserSessions
  changes: AccountChanges
  hashing: PasswordHashing
  limits: SignInLimits
  mails: AccountMails
  breached: BreachedPasswords
  audit: Audit
  signUpPolicy: SignUpPolicy
  mustVerifyEmail: boolean
}): Pick<Passwords, "signIn" | "signUp" | "change"> {
  const { auth, stored, sessions, changes, hashing, limits, mails, breached, audit } = options
  const { signUpPolicy, mustVerifyEmail } = options

  /** @param account as it is before; `null`: the email has none. What is asked takes the same time then */
  const tryPassword = async (
    account: StoredAccount | null,
    form: { email: string; password: string },
    visit: Visit,
  ): Promise<SignInOutcome> => {
    const failed = (reason: string) =>
      audit.record({
        type: "sign_in.failed",
        accountId: account?.id ?? null,
        details: { method: "password", reason },
      })
    const opened = await auth.signIn(form, { visit }).catch((error: unknown) => {
      if (error instanceof CallRefused) return error
      throw error
    })
    if (opened instanceof CallRefused) {
      if (account !== null && opened.code === "ACCOUNT_DISABLED") {
        failed("account_disabled")
        return refusal("form", DISABLED)
      }
      if (account !== null && opened.code === "EMAIL_NOT_VERIFIED") {
        failed("email_not_verified")
        await mails.check()
        mails.sendVerification(account)
        return VERIFY_EMAIL
      }
      failed(account === null ? "unknown_email" : "wrong_password")
      return refusal("form", WRONG)
    }
    const { token } = opened.answer
    // The password may have been changed while it was compared: what the change ended must not come back by this (S48).
    const after = await stored.byEmail(form.email)
    if (account === null || after?.passwordHash !== account.passwordHash) {
      if (token !== null) await sessions.endByToken(token)
      else if (after !== null) await sessions.endPending(after.id)
      failed("wrong_password")
      return refusal("form", WRONG)
    }
    if (token === null) return { ok: true, step: "second_factor", setCookies: opened.setCookies }
    audit.record({ type: "sign_in.succeeded", accountId: account.id, details: { method: "password" } })
    return { ok: true, step: "signed_in", setCookies: opened.setCookies }
  }

  /** Makes the account that somebody asks for, or tells its owner that somebody did. */
  const createFor = async (account: { email: string; password: string; name: string }) => {
    // Before the look-up, so that an email that is taken takes as long.
    const passwordHash = await hashing.hash(account.password)
    try {
      const { email, name } = account
      const created = await stored.create({ email, name, emailVerified: false, passwordHash })
      audit.record({ type: "account.created", accountId: created.id, details: { method: "sign_up" } })
      return created
    } catch (error) {
      if (!mustVerifyEmail || !(error instanceof AccountError)) throw error
      mails.tellAccountExists(account.email)
      return null
    }
  }

  return {
    signIn: async (form, visit) => {
      const email = tidyEmail(form.email)
      if (email === null) return refusal("email", NOT_AN_EMAIL)
      if (form.password === "") return refusal("password", PASSWORD_NEEDED)
      const admission = await limits.admitSignIn(email, visit.address)
      if (!admission.admitted) return tooManyAttempts(admission.retryAfterSeconds)
      try {
        const account = await stored.byEmail(email)
        const outcome = await tryPassword(account, { email, password: form.password }, visit)
        if (outcome.ok) await admission.giveBack()
        return outcome
      } catch (fault) {
        await admission.giveBack()
        throw fault
      }
    },

    signUp: async (form, visit) => {
      if (signUpPolicy.kind === "closed") {
        return refusal("form", "Accounts on this server are made by whoever runs it.")
      }
      try {
        const tidied = tidyAccount(form)
        const problem = signUpProblem(signUpPolicy, tidied.email)
        if (problem !== null) return refusal("email", problem)
        const admission = await limits.admitSignUp(visit.address)
        if (!admission.admitted) return tooManyAttempts(admission.retryAfterSeconds)
        if (await breached.isBreached(tidied.password)) return refusal("password", BREACHED)
        if (mustVerifyEmail) await mails.check()
        const created = await createFor(tidied)
        if (mustVerifyEmail) {
          if (created !== null) mails.sendVerification(created)
          return VERIFY_EMAIL
        }
        if (created === null) throw new Error("an account that is taken is told of by an AccountError")
        const opened = await sessions.open(created.id, visit)
        if (!opened.ok) return opened
        audit.record({ type: "sign_in.succeeded", accountId: created.id, details: { method: "password" } })
        return { ok: true, step: "signed_in", setCookies: opened.setCookies }
      } catch (error) {
        if (!(error instanceof AccountError)) throw error
        return refusal(FIELDS[error.code], error.message)
      }
    },

    change: async (browser, form, visit) => {
      const { account } = browser
      const problem = passwordProblem(form.next)
      if (problem !== null) return refusal("next", problem)
      // Before it is confirmed: where it is another one by then, this one is not replaced.
      const from = (await stored.byId(account.id))?.passwordHash ?? null
      const refused = await changes.confirm(browser, form.current, visit)
      if (refused !== null) return besideCurrent(refused)
      if (await breached.isBreached(form.next)) return refusal("next", BREACHED)
      const to = await hashing.hash(form.next)
      const outcome = await changes.removing(browser, visit, {
        remove: () => stored.replacePassword(browser, { from, to }),
        made: (endedSessions) => {
          audit.record({ type: "password.changed", accountId: account.id, details: { endedSessions } })
          changes.notify(account, "password_changed", visit)
        },
      })
      return outcome.ok ? outcome : refusal("form", CHANGED_MEANWHILE)
    },
  }
}

/** The password that confirms is called `current` in this form. */
function besideCurrent(refused: Refusal): Refusal {
  return refused.field === "password" ? { ...refused, field: "current" } : refused
}
