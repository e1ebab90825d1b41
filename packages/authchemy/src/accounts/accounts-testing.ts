import { createHmac } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { createTokenService, openStore, type TokenService } from "@authchemy/tokens"
import type { AuditEvent, AuditEventType } from "../audit/events.ts"
import { type Database, openDatabase } from "../database/database.ts"
import { migrate } from "../database/migrate.ts"
import type { DatabaseUnderTest } from "../database/testing.ts"
import { createLogger } from "../logging.ts"
import { MailUnavailableError } from "../mail/mailer.ts"
import type { Mail } from "../mail/messages.ts"
import type { AccountRecord, BrowserSession } from "./accounts.ts"
import type { BuiltInAccounts, Outcome, Visit } from "./built-in.ts"
import { type BuiltInAccountsOptions, createBuiltInAccounts } from "./create-built-in-accounts.ts"

export const PASSWORD = "correct horse battery"
export const NEXT_PASSWORD = "staple after staple"
export const VISIT: Visit = { address: "192.0.2.1", agent: "Firefox" }
export const ISSUER = "http://localhost:4000"

/** The built-in accounts on stores of their own, with mail that is caught. */
export type AccountsUnderTest = {
  accounts: BuiltInAccounts & { settled(): Promise<void> }
  database: Database
  /** Of the token store, and of the database on SQLite. */
  directory: string
  tokens: TokenService
  /** How far the clock of the accounts and of the token store is ahead of the system's, in milliseconds. */
  clock: { ahead: number }
  events: AuditEvent[]
  log: string[]
  /** `down`: the mail server is out of reach. `canSend`: there is one. */
  mail: { sent: Mail[]; down: boolean; canSend: boolean }
  /** The same stores, other accounts. */
  again(change?: Partial<BuiltInAccountsOptions>): AccountsUnderTest["accounts"]
  create(email?: string): Promise<AccountRecord>
  /** Signs a new browser in, and returns what it then has. */
  signedIn(email?: string, password?: string): Promise<{ browser: BrowserSession; request: Request }>
  browserOf(request: Request): Promise<BrowserSession>
  /** Begins a command-line session. @returns its token */
  commandLineSession(accountId: string): Promise<string>
  /** What was recorded of one type, without the type. */
  recorded(type: AuditEventType): object[]
  /** The link in the last mail, when all mails are sent. */
  linkOf(email: string): Promise<{ path: string; token: string }>
  close(): Promise<void>
}

export async function openAccountsUnderTest(
  under: DatabaseUnderTest,
  change: Partial<BuiltInAccountsOptions> = {},
): Promise<AccountsUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), "authchemy-accounts-"))
  const clock = { ahead: 0 }
  const now = () => Date.now() + clock.ahead
  const store = await openStore({ sqlitePath: join(directory, "tokens.db"), redisUrl: null })
  const tokens = createTokenService({ store, now })
  const database = openDatabase(await under.create(directory))
  await migrate(database, join(directory, "migrate.lock"))
  const events: AuditEvent[] = []
  const log: string[] = []
  const mail: AccountsUnderTest["mail"] = { sent: [], down: false, canSend: true }
  const reach = async () => {
    if (mail.down) throw new MailUnavailableError(new Error("connection refused"))
  }

  const again: AccountsUnderTest["again"] = (more = {}) =>
    createBuiltInAccounts({
      ...{ database, tokens, now, fetch, issuer: ISSUER, secret: "s".repeat(32), siteName: "Acme" },
      signUpPolicy: { kind: "open" },
      mustVerifyEmail: false,
      audit: {
        record: (event) => void events.push(event),
        list: () => Promise.reject(new Error("not asked for here")),
      },
      mailer: {
        get canSend() {
          return mail.canSend
        },
        check: reach,
        send: async (sent) => {
          await reach()
          mail.sent.push(sent)
        },
        close: async () => {},
      },
      breachedPasswords: { isBreached: async () => false },
      providers: [],
      logger: createLogger({ write: (line) => void log.push(line) }),
      ...change,
      ...more,
    })
  const accounts = again()

  const opened: AccountsUnderTest = {
    ...{ accounts, database, directory, tokens, clock, events, log, mail, again },
    create: (email = "ada@example.com") =>
      accounts.administration.create({ email, password: PASSWORD, name: "Ada" }),
    signedIn: async (email = "ada@example.com", password = PASSWORD) => {
      const request = requestWith(cookiesOf(await accounts.passwords.signIn({ email, password }, VISIT)))
      return { request, browser: await opened.browserOf(request) }
    },
    browserOf: async (request) => {
      const browser = await accounts.browserSession(request)
      if (browser === null) throw new Error("nobody is signed in")
      return browser
    },
    commandLineSession: async (accountId) =>
      (await tokens.createSession({ ...ALCHEMY_GRANT, accountId, expiresInSeconds: 3600, device: {} })).token,
    recorded: (type) =>
      events.filter((event) => event.type === type).map(({ type: _type, ...event }) => event),
    linkOf: async (email) => {
      await accounts.settled()
      const link = mail.sent.findLast(({ to, link }) => to === email && link !== null)?.link
      if (typeof link !== "string") throw new Error(`no link was sent to ${email}`)
      const { pathname: path, searchParams } = new URL(link)
      return { path, token: searchParams.get("token") ?? "" }
    },
    close: async () => {
      await accounts.settled()
      await tokens.close()
      await database.destroy()
      await rm(directory, { recursive: true })
    },
  }
  return opened
}

/** What a form set. @throws what it was refused with */
export function cookiesOf(outcome: Outcome): string[] {
  if (!outcome.ok) throw new Error(`${outcome.field}: ${outcome.message}`)
  return outcome.setCookies
}

/** A request with the cookies that were set, as the browser sends them back. */
export function requestWith(setCookies: readonly string[]): Request {
  const kept = setCookies.filter((cookie) => !/Max-Age=0/i.test(cookie)).map((cookie) => cookie.split(";")[0])
  return new Request(ISSUER, { headers: kept.length === 0 ? {} : { cookie: kept.join("; ") } })
}

/**
 * The code that an authenticator shows (RFC 6238; RFC 4226 §5.3).
 * @param secret in base32, as people are shown it
 * @param steps how many times 30 seconds from now
 */
export function codeOf(secret: string, steps = 0): string {
  const bits = [...secret]
    .map((character) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(character).toString(2).padStart(5, "0"))
    .join("")
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const mac = createHmac("sha1", key).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0")
}
