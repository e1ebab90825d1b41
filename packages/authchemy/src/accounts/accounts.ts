/** A person, as tokens and pages know them. */
export type Account = { id: string; email: string; name: string }

/** A browser in which a person is signed in. Forms are bound to `sessionId`, which is opaque and changes at every sign-in. */
export type BrowserSession = { account: Account; sessionId: string }

/**
 * Who is signed in to this browser. The server needs no more than this of people; a host application that has its own
 * brings its own implementation.
 */
export interface Accounts {
  /** The browser session that a request's cookies prove, or `null`. A disabled account has none. */
  browserSession(request: Request): Promise<BrowserSession | null>
  /** The account of an id, or `null` where there is none or it is disabled. */
  find(accountId: string): Promise<Account | null>
  /** Where a browser is sent to sign in. `returnTo` is a path on this server that the person comes back to. */
  signInUrl(returnTo: string): string
  /** Ends the browser session of a request. Returns `Set-Cookie` values. */
  signOut(request: Request): Promise<string[]>
}

/** What became of a posted form: cookies to set, or what to say beside which field. `retryAfterSeconds`: too many attempts. */
export type FormOutcome =
  | { ok: true; setCookies: string[] }
  | {
      ok: false
      field: "email" | "password" | "name" | "form"
      message: string
      retryAfterSeconds?: number
    }

/** The built-in accounts: email and password, with pages of their own. */
export interface PasswordAccounts extends Accounts {
  readonly signUpAllowed: boolean
  /** Signs a browser in. The message never tells a wrong password from an unknown email. */
  signIn(
    form: { email: string; password: string },
    request: Request,
    client?: { clientAddress: string },
  ): Promise<FormOutcome>
  /** Creates an account and signs the browser in to it. Refused where sign-up is closed. */
  signUp(
    form: { email: string; password: string; name: string },
    request: Request,
    client?: { clientAddress: string },
  ): Promise<FormOutcome>
}

/** An account as the operator sees it. */
export type AccountRecord = Account & { createdAt: Date; disabledAt: Date | null }

/** What the operator's commands need. */
export interface AccountAdministration {
  /** @throws AccountError (`code`: `email_taken` | `invalid_email` | `invalid_password` | `invalid_name`) */
  create(account: { email: string; password: string; name: string }): Promise<AccountRecord>
  list(): Promise<AccountRecord[]>
  /** Ends the account's browser sessions and refuses new ones. Its tokens are ended by the caller (`tokens.revokeSessions`). `null` where there is no such account. */
  disable(email: string): Promise<AccountRecord | null>
}

/** An account operation was refused; `code` is stable. */
export class AccountError extends Error {
  readonly code: "email_taken" | "invalid_email" | "invalid_password" | "invalid_name"
  constructor(code: AccountError["code"], message: string) {
    super(message)
    this.name = "AccountError"
    this.code = code
  }
}
