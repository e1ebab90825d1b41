import type { TokenService } from "@authchemy/tokens"
import type { Logger } from "pino"
import type { Audit } from "../audit/events.ts"
import type { Database } from "../database/database.ts"
import type { OpenRateLimiter } from "../limits/rate-limiter.ts"
import type { SecurityChange } from "../mail/messages.ts"
import type { Account, BrowserSession } from "./accounts.ts"
import type { Refusal, Visit } from "./built-in.ts"

/** What the built-in accounts need of the token engine: to end command-line sessions, and to keep what works once. */
export type AccountTokens = Pick<TokenService, "revokeSessions" | "announce" | "keep" | "recall" | "take">

/** What every part of the built-in accounts is made with. */
export type AccountParts = {
  database: Database
  tokens: AccountTokens
  audit: Audit
  openRateLimiter: OpenRateLimiter
  logger: Logger
  /** This server's origin. */
  issuer: string
  /** Keys are derived from it, each for one purpose. */
  secret: string
  /** Milliseconds since the epoch. */
  now: () => number
  browserSessions: BrowserSessions
  accountChanges: AccountChanges
}

/** Opens and ends browser sessions, whatever the way somebody signed in by. */
export type BrowserSessions = {
  /** A new browser session with an id of its own. Refused for a disabled account. */
  open(accountId: string, visit: Visit): Promise<{ ok: true; setCookies: string[] } | Refusal>
  /** Ends all of an account, or all but one. @returns how many */
  endAll(accountId: string, exceptSessionId: string | null): Promise<number>
}

/** What every change of how somebody signs in goes through. */
export type AccountChanges = {
  /**
   * Whether it is the person who is asking: by the account's password; where it has none, by a sign-in of the last fifteen minutes. Wrong passwords are limited.
   * @returns why it is refused, or `null`
   */
  confirm(browser: BrowserSession, password: string, visit: Visit): Promise<Refusal | null>
  /**
   * Makes a change after which nothing signed in before may go on: command-line sessions end before it, so that it is not made where they cannot be ended, and once more after
   * it, with the browser sessions; this browser gets a new one.
   * @param browser the one that asks; `null`: all end
   * @returns the cookies of the new browser session, and how many command-line sessions have ended
   * @throws StoreUnavailableError
   */
  endingSessions(
    accountId: string,
    browser: BrowserSession | null,
    visit: Visit,
    change: () => Promise<void>,
  ): Promise<{ setCookies: string[]; endedSessions: number }>
  /** A mail that tells the person of a change; a failure is a log line. Nobody waits for it. */
  notify(account: Account, what: SecurityChange, visit: Visit): void
}
