import { StoreUnavailableError } from "@authchemy/tokens"
import { type AuthContext, type BetterAuthOptions, betterAuth } from "better-auth"
import { APIError, createAuthEndpoint } from "better-auth/api"
import { setSessionCookie } from "better-auth/cookies"
import { twoFactor } from "better-auth/plugins/two-factor"
import * as v from "valibot"
import type { Database } from "../database/database.ts"
import { PostgresDatabase } from "../database/postgres.ts"
import { USER_FIELDS } from "./account-schema.ts"
import { cookieIn, cookiePrefixOf } from "./auth-cookies.ts"
import type { Visit } from "./built-in.ts"
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from "./fields.ts"
import type { PasswordHashing } from "./passwords/password-hashing.ts"
import { makeRecoveryCodes } from "./second-factor/recovery-codes.ts"

const BROWSER_SESSION_SECONDS = 7 * 24 * 60 * 60

/** A call was refused. `code` is Better Auth's, or one of `ACCOUNT_DISABLED` and `EMAIL_NOT_VERIFIED`, which no session is opened for. */
export class CallRefused extends Error {
  readonly code: string
  constructor(code: string) {
    super(`refused: ${code}`)
    this.name = "CallRefused"
    this.code = code
  }
}

/** A browser session's row, and whose it is. */
export type FoundSession = {
  session: { id: string; createdAt: Date; updatedAt: Date }
  user: { id: string; email: string; name: string; disabledAt: Date | null }
}

/** How a browser session is opened. `openedAt`: when it began, where it takes the place of another; left out, now. */
export type Opening = { visit: Visit; openedAt?: Date }

type Answered<T> = Promise<{ answer: T; setCookies: string[] }>

/**
 * The calls of Better Auth's that this server makes, as it makes them: with no cookie but the one that a call is about, so that nothing else that a browser brought
 * along is adopted. They throw `CallRefused`, and `StoreUnavailableError` where the database is out of reach.
 */
export type BetterAuth = {
  getSession(request: Request): Promise<FoundSession | null>
  /** `token`: of the new session; `null` where a second factor is asked for first. */
  signIn(form: { email: string; password: string }, opening: Opening): Answered<{ token: string | null }>
  /** Opens a browser session without looking at any proof. */
  openSession(accountId: string, opening: Opening): Answered<{ token: string }>
  /** The cookies that sign a browser out. */
  signOut(request: Request): Answered<object>
  /** Whose sign-in a request carries that waits for its second factor. */
  pendingSignIn(request: Request): Promise<string | null>
  /** `token`: of the new session. So is the next. */
  answerWithCode(code: string, request: Request, opening: Opening): Answered<{ token: string }>
  answerWithRecoveryCode(code: string, request: Request, opening: Opening): Answered<{ token: string }>
  /** Makes a secret and recovery codes that count for nothing until `confirmSecondFactor`. */
  beginSecondFactor(password: string, request: Request, opening: Opening): Answered<object>
  confirmSecondFactor(code: string, request: Request, opening: Opening): Answered<object>
  renewRecoveryCodes(
    password: string,
    request: Request,
    opening: Opening,
  ): Answered<{ backupCodes: string[] }>
  /** For what needs no call. */
  context: Promise<BetterAuthContext>
}

/** Better Auth's tables, and the keys that it encrypts with. */
export type BetterAuthContext = Pick<AuthContext, "internalAdapter" | "secretConfig"> & {
  adapter: Pick<AuthContext["adapter"], "findOne" | "deleteMany">
  /** All or nothing, on PostgreSQL. */
  inTransaction<T>(work: (adapter: Pick<AuthContext["adapter"], "create">) => Promise<T>): Promise<T>
}

/**
 * Better Auth, which keeps accounts, passwords, browser sessions and second factors. Its HTTP endpoints are not served: the server's pages call it, and guard
 * their forms themselves.
 * @param options.issuer this server's origin; cookies are `Secure` where it is https
 * @param options.secret signs the browser's cookies, and encrypts the secrets of second factors
 * @param options.mustVerifyEmail no session is opened for an account whose email is not verified
 * @param options.now milliseconds since the epoch: when a browser session was opened. When it ends goes by the system's clock
 */
export function openBetterAuth(options: {
  database: Database
  issuer: string
  secret: string
  mustVerifyEmail: boolean
  passwords: PasswordHashing
  now: () => number
}): BetterAuth {
  const auth = betterAuth(settingsOf(options))
  const { api } = auth
  const prefix = cookiePrefixOf(options.issuer)
  const only = (request: Request, cookie: string) => cookieIn(request, `${prefix}.${cookie}`)
  const answered = async <T>(call: Promise<{ headers: Headers; response: T }>): Answered<T> => {
    const { headers, response } = await asked(call)
    return { answer: response, setCookies: headers.getSetCookie() }
  }
  const withHeaders = { returnHeaders: true } as const

  return {
    context: auth.$context.then(({ adapter, internalAdapter, secretConfig }) => ({
      ...{ adapter, internalAdapter, secretConfig },
      inTransaction: (work) => adapter.transaction(work),
    })),

    getSession: async (request) => {
      const found = await asked(api.getSession({ headers: only(request, "session_token") }))
      return found === null
        ? null
        : { session: found.session, user: { ...found.user, disabledAt: found.user.disabledAt ?? null } }
    },

    signIn: async (form, opening) => {
      const headers = describing(new Headers(), opening)
      const { answer, setCookies } = await answered(api.signInEmail({ body: form, headers, ...withHeaders }))
      return { answer: { token: "token" in answer ? answer.token : null }, setCookies }
    },

    openSession: (accountId, opening) =>
      answered(
        api.openBrowserSession({
          body: { accountId },
          headers: describing(new Headers(), opening),
          ...withHeaders,
        }),
      ),

    signOut: (request) => answered(api.signOut({ headers: only(request, "session_token"), ...withHeaders })),

    pendingSignIn: (request) => asked(api.findPendingSignIn({ headers: only(request, "two_factor") })),

    answerWithCode: async (code, request, opening) => {
      const headers = describing(only(request, "two_factor"), opening)
      return withToken(await answered(api.verifyTOTP({ body: { code }, headers, ...withHeaders })))
    },

    answerWithRecoveryCode: async (code, request, opening) => {
      const headers = describing(only(request, "two_factor"), opening)
      return withToken(await answered(api.verifyBackupCode({ body: { code }, headers, ...withHeaders })))
    },

    beginSecondFactor: (password, request, opening) => {
      const headers = describing(only(request, "session_token"), opening)
      return answered(api.enableTwoFactor({ body: { password, method: "totp" }, headers, ...withHeaders }))
    },

    confirmSecondFactor: (code, request, opening) => {
      const headers = describing(only(request, "session_token"), opening)
      return answered(api.verifyTOTP({ body: { code }, headers, ...withHeaders }))
    },

    renewRecoveryCodes: (password, request, opening) => {
      const headers = describing(only(request, "session_token"), opening)
      return answered(api.generateBackupCodes({ body: { password }, headers, ...withHeaders }))
    },
  }
}

/** Better Auth reports some faults of the database as its own; this gives them back as they were. */
async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof APIError)) throw error
    if (error.cause instanceof StoreUnavailableError) throw error.cause
    throw error.statusCode >= 500 ? error : new CallRefused(String(error.body?.code ?? error.status))
  }
}

function withToken({ answer, setCookies }: { answer: { token?: string | undefined }; setCookies: string[] }) {
  if (answer.token === undefined) throw new Error("a sign-in was completed without a session")
  return { answer: { token: answer.token }, setCookies }
}

const VISIT = "x-authchemy-visit"

/** Tells the hook below where a session is opened from. */
function describing(headers: Headers, opening: Opening): Headers {
  headers.set(VISIT, encodeURIComponent(JSON.stringify(opening)))
  return headers
}

const Described = v.object({
  visit: v.object({ address: v.string(), agent: v.nullable(v.string()) }),
  openedAt: v.exactOptional(v.string()),
})

/** On PostgreSQL an account is made in one transaction; on SQLite none is held across a tick (ARCHITECTURE.md, Decisions). */
function databaseOf(database: Database) {
  return database instanceof PostgresDatabase
    ? { db: database, type: "postgres" as const, transaction: true }
    : { db: database, type: "sqlite" as const }
}

/** Calls of our own. They can be made by this server only, and not over HTTP. */
const calls = {
  id: "authchemy",
  endpoints: {
    openBrowserSession: createAuthEndpoint.serverOnly(
      { method: "POST", body: v.object({ accountId: v.string() }) },
      async (call) => {
        const user = await call.context.internalAdapter.findUserById(call.body.accountId)
        if (user === null) throw new APIError("NOT_FOUND", { code: "ACCOUNT_GONE", message: "gone" })
        const session = await call.context.internalAdapter.createSession(user.id)
        await setSessionCookie(call, { session, user })
        return call.json({ token: session.token })
      },
    ),
    findPendingSignIn: createAuthEndpoint.serverOnly({ method: "POST" }, async (call) => {
      const cookie = call.context.createAuthCookie("two_factor")
      const attempt = await call.getSignedCookie(cookie.name, call.context.secret)
      if (!attempt) return null
      const found = await call.context.internalAdapter.findVerificationValue(attempt)
      return found !== null && found.expiresAt > new Date() ? found.value : null
    }),
  },
}

function settingsOf(options: {
  database: Database
  issuer: string
  secret: string
  mustVerifyEmail: boolean
  passwords: PasswordHashing
  now: () => number
}) {
  const { issuer, secret, mustVerifyEmail, passwords, now } = options
  return {
    appName: "Authchemy",
    baseURL: issuer,
    secret,
    database: databaseOf(options.database),
    telemetry: { enabled: false },
    logger: { disabled: true },
    rateLimit: { enabled: false },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: SHORTEST_PASSWORD,
      maxPasswordLength: LONGEST_PASSWORD,
      password: passwords,
    },
    session: {
      expiresIn: BROWSER_SESSION_SECONDS,
      disableSessionRefresh: true,
      cookieCache: { enabled: false },
    },
    // What a row is found by stands in a cookie; with its digest alone nobody can make that cookie.
    verification: { storeIdentifier: "hashed" },
    user: { additionalFields: USER_FIELDS },
    plugins: [
      twoFactor({
        // A password is still asked for where the account has one.
        allowPasswordless: true,
        backupCodeOptions: { customBackupCodesGenerate: makeRecoveryCodes },
        // Wrong codes are counted by `account-limits.ts`, which says how long to wait.
        accountLockout: { enabled: false },
      }),
      calls,
    ],
    databaseHooks: {
      session: {
        create: {
          before: async (session, call) => {
            if (call === null) throw new Error("a browser session is made by a call of Better Auth's API")
            // Through its adapter, and so within its transaction: a second connection would not see an account that is being made.
            const user = await call.context.internalAdapter.findUserById(session.userId)
            if (user === null || ("disabledAt" in user && user.disabledAt)) throw refusal("ACCOUNT_DISABLED")
            if (mustVerifyEmail && !user.emailVerified) throw refusal("EMAIL_NOT_VERIFIED")
            const described = JSON.parse(decodeURIComponent(call.headers?.get(VISIT) ?? ""))
            const { visit, openedAt } = v.parse(Described, described)
            const at = new Date(now())
            return {
              data: {
                ...session,
                ipAddress: visit.address,
                userAgent: visit.agent ?? "",
                createdAt: openedAt === undefined ? at : new Date(openedAt),
                updatedAt: at,
              },
            }
          },
        },
      },
    },
    advanced: {
      cookiePrefix: cookiePrefixOf(issuer),
      // What Better Auth means by it is a prefix of its own, `__Secure-`.
      useSecureCookies: false,
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax", secure: issuer.startsWith("https:") },
      ipAddress: { disableIpTracking: true },
    },
  } satisfies BetterAuthOptions
}

function refusal(code: string): APIError {
  return new APIError("FORBIDDEN", { code, message: "refused" })
}
