import type { AccountAdministration, Accounts, BrowserSession } from "./accounts.ts"
import type { SignUpPolicy } from "./sign-up-policy.ts"
import type { OtherWays } from "./ways-to-sign-in-removal.ts"

/** Where a form came from: it counts for the limits, and is shown in the list of browsers. */
export type Visit = {
  /** The browser's network address. */
  address: string
  /** The `User-Agent` header; `null` where there is none. */
  agent: string | null
}

/** A form that was refused. `field` names the input that it is said beside; `form`: none in particular. `retryAfterSeconds`: too many attempts. */
export type Refusal = { ok: false; field: string; message: string; retryAfterSeconds?: number }

/** What became of a posted form that changes something. `setCookies`: the browser's session may be a new one. */
export type Outcome<Done extends object = object> = ({ ok: true; setCookies: string[] } & Done) | Refusal

/**
 * What became of a sign-in. `signed_in`: the cookies open a new browser session. `second_factor`: the cookies name an attempt that
 * `secondFactor.answer` completes, within ten minutes. `verify_email`: the email has to be verified first, and a link has just been sent.
 */
export type SignInOutcome = Outcome<{ step: "signed_in" | "second_factor" | "verify_email" }>

/** Marks the built-in accounts: a host application's may have fields of whatever name. */
export const BUILT_IN = Symbol("authchemy: built-in accounts")

/** The built-in accounts, in parts. All that changes an account is recorded; what signs it in anew ends what it must end. */
export interface BuiltInAccounts extends Accounts {
  readonly [BUILT_IN]: true
  readonly signUpPolicy: SignUpPolicy
  readonly passwords: Passwords
  readonly emails: Emails
  readonly secondFactor: SecondFactor
  readonly passkeys: Passkeys
  readonly providers: Providers
  readonly browsers: Browsers
  readonly administration: AccountAdministration
  /** What the Security page shows of an account. */
  security(accountId: string): Promise<AccountSecurity>
}

export type AccountSecurity = {
  /** `false`: it signs in by a passkey or a provider only. */
  hasPassword: boolean
  emailVerified: boolean
  /** `null`: off. */
  secondFactor: { recoveryCodesLeft: number } | null
  passkeys: readonly { id: string; name: string; createdAt: Date; lastUsedAt: Date | null }[]
  providers: readonly { id: string; name: string }[]
}

export interface Passwords {
  /**
   * The message never tells a wrong password from an unknown email.
   * @throws MailUnavailableError where a link to verify the email is to be sent
   */
  signIn(form: { email: string; password: string }, visit: Visit): Promise<SignInOutcome>
  /**
   * Creates an account, and signs the browser in where its email need not be verified first. With mail, an email that is taken is answered like any
   * other, and its owner is told by mail; so nobody learns who has an account.
   * @throws MailUnavailableError, and no account is made, where its email is to be verified
   */
  signUp(form: { email: string; password: string; name: string }, visit: Visit): Promise<SignInOutcome>
  /**
   * Changes the password, or sets the first one (then `current` is not looked at). Ends every other browser session and every command-line session of the
   * account; this browser gets a new session. A refusal names the fields `current` and `next`.
   */
  change(
    browser: BrowserSession,
    form: { current: string; next: string },
    visit: Visit,
  ): Promise<Outcome<{ endedSessions: number }>>
  /** Sends a link to reset the password where the email has an account, and tells nobody whether it has. @throws MailUnavailableError, for any email */
  requestReset(form: { email: string }, visit: Visit): Promise<Outcome>
  /** The account that a reset link is for, without using it up. `null`: the link is used, expired or none, or the account is disabled. */
  resetTarget(token: string): Promise<{ email: string; emailVerified: boolean } | null>
  /**
   * Sets a new password by a link, which is used up. Ends every browser session and every command-line session. Signs nobody in. Of an account whose email was never
   * verified, all is removed that whoever made it may have left in it.
   * @returns `stillOpen`: what opens the account beside the new password
   */
  reset(
    form: { token: string; password: string },
    visit: Visit,
  ): Promise<Outcome<{ endedSessions: number; stillOpen: OtherWays }>>
}

export interface Emails {
  /** Whether an account must verify its email before it can sign in. */
  readonly mustBeVerified: boolean
  /** `false`: no mail server is configured, and links are in the server's log for whoever runs it to pass on. */
  readonly areSent: boolean
  /** Sends a link anew where the email has an account that needs one, and tells nobody whether it has. @throws MailUnavailableError */
  sendVerification(form: { email: string }, visit: Visit): Promise<Outcome>
  /** The account that a link is for, without using it up. `null`: the link is used, expired or none, or the account is disabled. */
  verificationTarget(token: string): Promise<{ email: string } | null>
  /**
   * Verifies by a link and the account's password: the link proves whose the email is, the password whose the account is. Nobody then confirms an account that
   * somebody else has made with their email. The link is used up; not by a wrong password, which counts as at a sign-in. Signs nobody in.
   */
  verify(form: { token: string; password: string }, visit: Visit): Promise<Outcome<{ email: string }>>
}

/** A time-based one-time password (RFC 6238: SHA-1, six digits, 30 seconds) and recovery codes. */
export interface SecondFactor {
  /** Begins to set it up, in this browser session and for ten minutes; nothing changes until `confirm`. @param form.password as `confirmed` below asks for it */
  begin(
    browser: BrowserSession,
    form: { password: string },
    request: Request,
    visit: Visit,
  ): Promise<Outcome<{ uri: string; secret: string }>>
  /** What has been begun in this browser session and not confirmed, to show it again. `null`: nothing, or too long ago. */
  begun(browser: BrowserSession): Promise<{ uri: string; secret: string } | null>
  /** Turns it on with a first code. @returns the recovery codes, which are shown this once */
  confirm(
    browser: BrowserSession,
    form: { code: string },
    request: Request,
    visit: Visit,
  ): Promise<Outcome<{ recoveryCodes: readonly string[] }>>
  /** Makes new recovery codes; the old ones are void. */
  renewRecoveryCodes(
    browser: BrowserSession,
    form: { password: string },
    request: Request,
    visit: Visit,
  ): Promise<Outcome<{ recoveryCodes: readonly string[] }>>
  /** Turns it off. Ends every other browser session and every command-line session of the account. */
  remove(
    browser: BrowserSession,
    form: { password: string },
    visit: Visit,
  ): Promise<Outcome<{ endedSessions: number }>>
  /** Whether a request carries a sign-in that waits for its second factor. */
  isAwaited(request: Request): Promise<boolean>
  /** Completes such a sign-in with a code or a recovery code. A code works once. Five wrong ones end the attempt; the account is limited besides. */
  answer(form: { code: string }, request: Request, visit: Visit): Promise<SignInOutcome>
}

/** Passkeys (WebAuthn Level 3), discoverable, with user verification: they take the place of password and second factor. */
export interface Passkeys {
  /** Options for `navigator.credentials.create`, as JSON, and the cookie that binds them to this browser. */
  registrationOptions(browser: BrowserSession): Promise<{ options: object; setCookies: string[] }>
  /** @param form.credential the credential's JSON, as the browser gave it */
  register(
    browser: BrowserSession,
    form: { credential: string; name: string; password: string },
    request: Request,
    visit: Visit,
  ): Promise<Outcome>
  /** Options for `navigator.credentials.get`, as JSON. */
  signInOptions(): Promise<{ options: object; setCookies: string[] }>
  signIn(form: { credential: string }, request: Request, visit: Visit): Promise<SignInOutcome>
  /** Ends every other browser session and every command-line session of the account. Refused for the last way to sign in. */
  remove(
    browser: BrowserSession,
    form: { id: string; password: string },
    visit: Visit,
  ): Promise<Outcome<{ endedSessions: number }>>
}

/** "Continue with …": upstream OpenID Connect providers. Nothing of their tokens is kept. */
export interface Providers {
  /** In the order of the configuration. */
  readonly list: readonly { id: string; name: string }[]
  /**
   * Whether a provider may be linked to the account that is signed in: asked before `begin` does it, as before every change of how somebody signs in.
   * @returns why it is refused, or `null`
   */
  confirmLinking(browser: BrowserSession, form: { password: string }, visit: Visit): Promise<Refusal | null>
  /**
   * Where the browser is sent, with cookies that bind the attempt to it.
   * @param options.returnTo a checked path on this server
   * @param options.browser where the provider is to be linked to the account that is signed in
   * @throws ProviderUnavailableError
   */
  begin(
    id: string,
    options: { returnTo: string; browser: BrowserSession | null },
  ): Promise<{ url: string; setCookies: string[] } | null>
  /**
   * The provider's answer.
   * @returns `returnTo` to go on to, whatever became of it; still to be checked again
   * @throws ProviderUnavailableError
   */
  complete(
    id: string,
    request: Request,
    browser: BrowserSession | null,
    visit: Visit,
  ): Promise<SignInOutcome & { returnTo: string }>
  /** Ends every other browser session and every command-line session of the account. Refused for the last way to sign in. */
  unlink(
    browser: BrowserSession,
    form: { id: string; password: string },
    visit: Visit,
  ): Promise<Outcome<{ endedSessions: number }>>
}

/** The browsers in which an account is signed in. */
export interface Browsers {
  list(browser: BrowserSession): Promise<readonly SignedInBrowser[]>
  /** `false` where the account has no such browser session. */
  end(browser: BrowserSession, id: string): Promise<boolean>
  /** All but the one that asks. @returns how many */
  endOthers(browser: BrowserSession): Promise<number>
}

export type SignedInBrowser = {
  id: string
  address: string | null
  agent: string | null
  createdAt: Date
  lastUsedAt: Date
  /** Whether it is the one that asks. */
  current: boolean
}

/** An upstream provider did not answer, or not as it should; what is wrong is in the log. */
export class ProviderUnavailableError extends Error {
  readonly code = "provider_unavailable"
  /** Its name, for the page. */
  readonly provider: string
  constructor(provider: string, cause: unknown) {
    super(`${provider} cannot be reached for signing in`, { cause })
    this.name = "ProviderUnavailableError"
    this.provider = provider
  }
}
