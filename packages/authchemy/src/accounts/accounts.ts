import type { OtherWays } from "./ways-to-sign-in-removal.ts"

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

/** An account as the operator sees it. */
export type AccountRecord = Account & { createdAt: Date; disabledAt: Date | null }

/** What the operator's commands need. Each change is recorded. */
export interface AccountAdministration {
  /** The email counts as verified: the operator vouches for it. @throws AccountError */
  create(account: { email: string; password: string; name: string }): Promise<AccountRecord>
  list(): Promise<AccountRecord[]>
  /** Whatever its state. `null` where there is no such account. */
  findByEmail(email: string): Promise<AccountRecord | null>
  /**
   * Ends the account's browser sessions and refuses new ones, also while the token store is out of reach: from then on every token of it is refused. To have
   * them end in the token store as well, for other APIs, is left to the caller (`tokens.revokeSessions`). `null` where there is no such account.
   */
  disable(email: string): Promise<AccountRecord | null>
  /** Takes `disable` back; what it ended stays ended, and what it could not end is ended now. @throws StoreUnavailableError, and the account stays disabled */
  enable(email: string): Promise<AccountRecord | null>
  /**
   * Ends the account's browser sessions and command-line sessions, and makes a link, good once and for an hour, under which a new password is set. The old
   * one counts until then. A disabled account stays disabled, and the link is good when it is enabled.
   * @param options.secondFactor also takes away its second factor and its passkeys, for somebody who has lost them
   * @returns `endedSessions`: how many command-line sessions have ended; `stillOpen`: what opens the account as before; `emailVerified`: where it is not, the link
   * removes all of that
   * @throws StoreUnavailableError
   */
  reset(
    email: string,
    options: { secondFactor: boolean },
  ): Promise<{
    account: AccountRecord
    link: string
    endedSessions: number
    emailVerified: boolean
    stillOpen: OtherWays
  } | null>
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
