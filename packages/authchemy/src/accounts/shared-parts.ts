import type { TokenService } from "@authchemy/tokens"
import type { Logger } from "pino"
import type { Audit } from "../audit/events.ts"
import type { Database } from "../database/database.ts"
import type { OpenRateLimiter } from "../limits/rate-limiter.ts"
import type { SecurityChange } from "../mail/messages.ts"
import type { Account, BrowserSession } from "./accounts.ts"
import type { Outcome, Refusal, Visit } from "./built-in.ts"

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
  /** Whether one has not been ended. */
  isOpen(browser: BrowserSession): Promise<boolean>
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
   * @param made told, once, of a change that was made and how many command-line sessions have ended, even where the rest could not be ended: what was done is recorded
   * @returns the cookies of the new browser session, and how many command-line sessions have ended
   * @throws StoreUnavailableError
   */
  endingSessions(
    accountId: string,
    browser: BrowserSession | null,
    visit: Visit,
    change: () => Promise<void>,
    made?: (endedSessions: number) => void,
  ): Promise<{ setCookies: string[]; endedSessions: number }>
  /**
   * Takes away a way to sign in, or a part of one, as `endingSessions` makes changes.
   * @param way.remove removes it where the browser session of that moment is still there (`whileOpen`). @returns whether it did: where not, it is refused
   * @param way.made as of `endingSessions`
   */
  removing(
    browser: BrowserSession,
    visit: Visit,
    way: { remove: () => Promise<boolean>; made: (endedSessions: number) => void },
  ): Promise<Outcome<{ endedSessions: number }>>
  /**
   * Asked when a way to sign in has been added: whether the browser session that it was added in is still there. What ends sessions, such as a password that is reset, must
   * not be outlived by what was under way (S48): where the session has ended, the way is taken away again, and all that it may have opened meanwhile.
   */
  stays(browser: BrowserSession, visit: Visit, takeAway: () => Promise<void>): Promise<boolean>
  /** A mail that tells the person of a change; a failure is a log line. Nobody waits for it. */
  notify(account: Account, what: SecurityChange, visit: Visit): void
}
