import { randomBytes, randomInt } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { codeChallengeOf, codeVerifierFrom } from "@authchemy/protocol"
import { createTokenService, openStore, type TokenService } from "@authchemy/tokens"
import type { Hono } from "hono"
import { expect, inject } from "vitest"
import { AccountError } from "../accounts/accounts.ts"
import type { BuiltInAccounts } from "../accounts/built-in.ts"
import { createBuiltInAccounts } from "../accounts/create-built-in-accounts.ts"
import type { ProviderSettings } from "../accounts/providers/provider-settings.ts"
import type { SignUpPolicy } from "../accounts/sign-up-policy.ts"
import { createAccessKeys } from "../admin/access-keys.ts"
import { createApps } from "../admin/apps.ts"
import { type AuditLog, openAuditLog } from "../audit/audit-log.ts"
import { createKnownAddresses } from "../audit/known-addresses.ts"
import { recordTokenEvents } from "../audit/token-events.ts"
import type { Client } from "../clients/client.ts"
import { type Clients, createClients } from "../clients/clients.ts"
import { parseConfig } from "../config.ts"
import { openDatabase } from "../database/database.ts"
import { migrate } from "../database/migrate.ts"
import { createPostgresDatabase } from "../database/testing.ts"
import { createMemoryRateLimits } from "../limits/memory.ts"
import type { OpenRateLimiter } from "../limits/rate-limiter.ts"
import { createLogger } from "../logging.ts"
import { type Mailer, MailUnavailableError } from "../mail/mailer.ts"
import type { Mail } from "../mail/messages.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { createServerApp } from "../server-app.ts"

export const ISSUER = "http://localhost:4000"
export const REDIRECT = "http://127.0.0.1:16424/callback"
export const PASSWORD = "correct horse battery"

/** People and what is theirs: in SQLite, or in PostgreSQL where a run is told so. */
const ON_POSTGRES = process.env.AUTHCHEMY_TEST_DATABASE === "postgres"

/** The whole app in one process, on a store of its own, with a clock that the test moves. */
export type AppUnderTest = {
  app: Hono<AppEnv>
  tokens: TokenService
  accounts: BuiltInAccounts
  clients: Clients
  audit: AuditLog
  /** What was sent, where `options.mail` is given. */
  mails: Mail[]
  log: string[]
  /** Milliseconds since the epoch; tests move it. */
  clock: { now: number }
  /** Signs a new browser in with the form, to an account that is made where it is missing, and returns its `Cookie` header. */
  signIn(email?: string): Promise<string>
  /** Every count of attempts begins anew, as it does when its time has passed; those of passwords aside. */
  forgetAttempts(): void
  close(): Promise<void>
}

export async function openAppUnderTest(
  options: {
    issuer?: string
    redisUrl?: string
    allowCodeWithoutPkce?: boolean
    /** Open unless told otherwise. */
    signUp?: SignUpPolicy
    /** Nobody signs in whose email is not verified. */
    mustVerifyEmail?: boolean
    /** `true`: there is a mail server, and it keeps what it is sent; `"down"`: it is out of reach. Left out: there is none. */
    mail?: true | "down"
    /** Passwords that were stolen elsewhere. */
    breached?: readonly string[]
    providers?: readonly ProviderSettings[]
    /** Registered beside the built-in one. */
    clients?: readonly Client[]
    wrapTokens?: (tokens: TokenService) => TokenService
  } = {},
): Promise<AppUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), "authchemy-app-"))
  const clock = { now: Date.parse("2026-11-23T22:05:00.000Z") }
  const now = () => clock.now
  const sqlitePath = join(directory, "authchemy.db")
  const store = await openStore({ sqlitePath, redisUrl: options.redisUrl ?? null })
  const log: string[] = []
  const logger = createLogger({ write: (line) => log.push(line) })
  const issuer = options.issuer ?? ISSUER
  const secret = "0123456789abcdef0123456789abcdef"
  const database = openDatabase(ON_POSTGRES ? await createPostgresDatabase() : sqlitePath)
  await migrate(database, join(directory, "migrate.lock"))
  const audit = openAuditLog({ database, now, logger, retentionDays: 365, webhook: null })
  const engine = createTokenService({ store, now, observe: recordTokenEvents(audit) })
  const tokens = options.wrapTokens?.(engine) ?? engine
  const mails: Mail[] = []
  const mailer = mailerFor(options.mail, mails)
  const { mustVerifyEmail = false, breached = [], providers = [] } = options
  const accounts = createBuiltInAccounts({
    ...{ database, issuer, secret, tokens, audit, mailer, logger, now, fetch, providers, mustVerifyEmail },
    signUpPolicy: options.signUp ?? { kind: "open" },
    siteName: "Authchemy",
    breachedPasswords: { isBreached: async (password) => breached.includes(password) },
  })
  const clients = createClients({ database, fromFile: options.clients ?? [], now })
  let limits = createMemoryRateLimits()
  const openRateLimiter: OpenRateLimiter = (limit) => ({ admit: (key) => limits.open(limit).admit(key) })
  const app = createServerApp({
    config: {
      ...parseConfig({ AUTHCHEMY_DATA_DIR: directory }),
      issuer,
      allowCodeWithoutPkce: options.allowCodeWithoutPkce ?? false,
    },
    services: {
      tokens,
      accounts,
      clients,
      database,
      secret,
      openRateLimiter,
      audit,
      mailer,
      apps: createApps({ database, audit, now }),
      accessKeys: createAccessKeys({
        ...{ database, audit, now },
        knownAddresses: createKnownAddresses({ database, now }),
      }),
    },
    now,
    logger,
    ready: () => tokens.ready(),
  })
  return {
    app,
    tokens,
    accounts,
    clients,
    audit,
    mails,
    log,
    clock,
    async signIn(email = "ann@example.com") {
      await accounts.administration
        .create({ email, password: PASSWORD, name: "Ann" })
        .catch((error: unknown) => {
          if (!(error instanceof AccountError && error.code === "email_taken")) throw error
        })
      const response = await app.request("/sign-in", form({ email, password: PASSWORD }))
      if (response.status !== 303) throw new Error(`sign-in answered ${response.status}`)
      return cookiesOf(response)
    },
    forgetAttempts() {
      limits = createMemoryRateLimits()
    },
    async close() {
      await audit.close()
      await tokens.close()
      await database.destroy()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function mailerFor(mail: true | "down" | undefined, mails: Mail[]): Mailer {
  const reach = async () => {
    if (mail === "down") throw new MailUnavailableError(new Error("connection refused"))
  }
  return {
    canSend: mail !== undefined,
    check: reach,
    send: async (sent) => {
      await reach()
      if (mail !== undefined) mails.push(sent)
    },
    close: async () => {},
  }
}

/** Fetch options of a posted form, as a page of this server would send it. */
export function form(fields: Record<string, string>, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: {
      "Content-Type": "application/x-www-form-urlencoded",
      Origin: "null",
      "Sec-Fetch-Site": "same-origin",
      ...headers,
    },
    body: new URLSearchParams(fields).toString(),
  }
}

/** Fetch options of posted JSON. */
export function json(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  }
}

/** The `Cookie` header that a browser would send after this response. */
export function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ")
}

/** A fresh verifier and the query of `GET /login` for it; `changes` replaces parameters, `null` leaves one out. */
export function loginQuery(changes: Record<string, string | null> = {}): { query: string; verifier: string } {
  const verifier = codeVerifierFrom(randomBytes)
  const parameters: Record<string, string | null> = {
    redirectUrl: REDIRECT,
    code_challenge: codeChallengeOf(verifier),
    code_challenge_method: "S256",
    state: "st4te",
    client: "alchemy-cli/1.0.0",
    device: "ann-laptop",
    os: "Linux",
    ...changes,
  }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== null) query.append(name, value)
  return { query: query.toString(), verifier }
}

/** The sealed request in an approval page. */
export function sealedRequestIn(page: string): string {
  const sealed = /name="request" value="([^"]+)"/.exec(page)?.[1]
  if (sealed === undefined) throw new Error("the page carries no sealed request")
  return sealed
}

/** Goes through `/login` and approves; returns where the browser is sent, and the verifier. */
export async function approve(
  under: AppUnderTest,
  cookie: string,
  changes: Record<string, string | null> = {},
): Promise<{ location: URL; verifier: string }> {
  const { query, verifier } = loginQuery(changes)
  const page = await under.app.request(`/login?${query}`, { headers: { Cookie: cookie } })
  const request = sealedRequestIn(await page.text())
  const answer = await under.app.request("/login", form({ request, decision: "approve" }, { Cookie: cookie }))
  return { location: new URL(answer.headers.get("location") ?? ""), verifier }
}

/** Each store by name, with the options that open it: SQLite in a file of its own, Redis in one of 64 databases. */
export const STORES = [
  ["SQLite", () => ({})],
  ["Redis", () => ({ redisUrl: `${inject("redisUrl")}/${randomInt(64)}` })],
] as const

/** The body that redeems a code which this browser has just approved. */
export async function approvedCode(
  under: AppUnderTest,
  cookie: string,
  changes: Record<string, string | null> = {},
): Promise<{ code: string; redirect_uri: string; code_verifier: string }> {
  const { location, verifier } = await approve(under, cookie, changes)
  return { code: location.searchParams.get("code") ?? "", redirect_uri: REDIRECT, code_verifier: verifier }
}

/** Checks a failure of the CLI API: its status, its code, and what its sentence says. */
export async function expectCliError(
  response: Response,
  status: number,
  error: string,
  naming = /./,
): Promise<void> {
  expect(response.status).toBe(status)
  expect(await response.json()).toEqual({ error, error_description: expect.stringMatching(naming) })
}
