import { AsyncLocalStorage } from "node:async_hooks"
import { StoreUnavailableError } from "@authchemy/tokens"
import { type BetterAuthOptions, betterAuth } from "better-auth"
import { APIError } from "better-auth/api"
import { getMigrations } from "better-auth/db/migration"
import type { Selectable } from "kysely"
import type { Database } from "../database/database.ts"
import { PostgresDatabase } from "../database/postgres.ts"
import type { Schema } from "../database/schema.ts"
import { createMemoryRateLimits } from "../limits/memory.ts"
import type { OpenRateLimiter } from "../limits/rate-limiter.ts"
import {
  type AccountAdministration,
  AccountError,
  type AccountRecord,
  type FormOutcome,
  type PasswordAccounts,
} from "./accounts.ts"
import { LONGEST_PASSWORD, SHORTEST_PASSWORD, tidyAccount, tidyEmail } from "./fields.ts"
import { createPasswordHashing, type PasswordHashing } from "./password-hashing.ts"
import { createSignInLimits } from "./sign-in-limits.ts"

const BROWSER_SESSION_SECONDS = 7 * 24 * 60 * 60
const WRONG = "The email or the password is wrong."

/** The built-in accounts, and what makes their tables. */
export type BuiltInAccounts = PasswordAccounts &
  AccountAdministration & {
    /** Makes or completes the tables, on this connection to the database. */
    migrate(on: Database): Promise<void>
  }

/**
 * Accounts by email and password, on Better Auth. Its own HTTP endpoints are not served: the server's pages call it, and guard their
 * forms themselves.
 * @param options.issuer this server's origin; cookies are `Secure` where it is https
 * @param options.secret signs the browser's cookies
 * @param options.openRateLimiter where failed sign-ins are counted; left out, in this process
 */
export function createBuiltInAccounts(options: {
  database: Database
  issuer: string
  secret: string
  signUpAllowed: boolean
  openRateLimiter?: OpenRateLimiter
}): BuiltInAccounts {
  const { database, signUpAllowed, openRateLimiter = createMemoryRateLimits().open } = options
  const limits = createSignInLimits(openRateLimiter)
  const preparedHash = new AsyncLocalStorage<string>()
  const passwords = createPasswordHashing()
  const settings = settingsOf({
    ...options,
    passwords: {
      ...passwords,
      hash: async (password) => preparedHash.getStore() ?? (await passwords.hash(password)),
    },
  })
  const auth = betterAuth(settings)

  const sessionOf = (request: Request) => askBetterAuth(auth.api.getSession({ headers: request.headers }))

  /** Posts the credential with no cookie, so that nothing a browser brought along is adopted. */
  const openSession = async (email: string, password: string): Promise<FormOutcome> => {
    try {
      const { headers } = await auth.api.signInEmail({
        body: { email, password },
        headers: new Headers(),
        returnHeaders: true,
      })
      return { ok: true, setCookies: headers.getSetCookie() }
    } catch (error) {
      if (!(error instanceof APIError) || error.statusCode >= 500) throw error
      if (error.body?.code === DISABLED) {
        return {
          ok: false,
          field: "form",
          message: "This account is disabled. Ask whoever runs this server.",
        }
      }
      return { ok: false, field: "form", message: WRONG }
    }
  }

  const recordOf = async (email: string): Promise<AccountRecord | null> => {
    const row = await database.selectFrom("user").selectAll().where("email", "=", email).executeTakeFirst()
    return row === undefined ? null : recordFrom(row)
  }

  const accounts: BuiltInAccounts = {
    signUpAllowed,

    browserSession: async (request) => {
      if (!request.headers.has("cookie")) return null
      const found = await sessionOf(request)
      if (found === null || found.user.disabledAt) return null
      const { id, email, name } = found.user
      return { account: { id, email, name }, sessionId: found.session.id }
    },

    find: async (accountId) => {
      const row = await database
        .selectFrom("user")
        .select(["id", "email", "name", "disabledAt"])
        .where("id", "=", accountId)
        .executeTakeFirst()
      if (row === undefined || row.disabledAt !== null) return null
      return { id: row.id, email: row.email, name: row.name }
    },

    signInUrl: (returnTo) => `/sign-in?return_to=${encodeURIComponent(returnTo)}`,

    signOut: async (request) => {
      // Better Auth passes over a database that is out of reach, and would report a session as ended that goes on.
      const found = await sessionOf(request)
      if (found !== null) await database.deleteFrom("session").where("id", "=", found.session.id).execute()
      const { headers } = await auth.api.signOut({ headers: request.headers, returnHeaders: true })
      return headers.getSetCookie()
    },

    signIn: async (form, _request, client) => {
      const address = client?.clientAddress ?? "unknown"
      const email = tidyEmail(form.email)
      if (email === null) {
        return { ok: false, field: "email", message: "Email must be an address such as ada@example.com." }
      }
      if (form.password === "") return { ok: false, field: "password", message: "Password is needed." }
      const admission = await limits.admitSignIn(email, address)
      if (!admission.admitted) return tooManyAttempts(admission.retryAfterSeconds)
      try {
        const outcome = await openSession(email, form.password)
        if (outcome.ok) await admission.giveBack()
        return outcome
      } catch (fault) {
        await admission.giveBack()
        throw fault
      }
    },

    signUp: async (form, _request, client) => {
      if (!signUpAllowed) {
        return { ok: false, field: "form", message: "Accounts on this server are made by whoever runs it." }
      }
      try {
        const tidied = tidyAccount(form)
        const admission = await limits.admitSignUp(client?.clientAddress ?? "unknown")
        if (!admission.admitted) return tooManyAttempts(admission.retryAfterSeconds)
        const { email } = await accounts.create(tidied)
        return await openSession(email, form.password)
      } catch (error) {
        if (!(error instanceof AccountError)) throw error
        return { ok: false, field: FIELDS[error.code], message: error.message }
      }
    },

    create: async (account) => {
      const tidied = tidyAccount(account)
      if ((await recordOf(tidied.email)) !== null) throw emailTaken()
      // The work of hashing is done before Better Auth begins its transaction, which holds a connection that others wait for.
      const hash = await passwords.hash(tidied.password)
      try {
        await preparedHash.run(hash, () => auth.api.signUpEmail({ body: tidied }))
      } catch (error) {
        // Of several at the same moment the database lets one through; Better Auth does not say why the others failed.
        if (!(error instanceof APIError) || (await recordOf(tidied.email)) === null) throw error
        throw emailTaken()
      }
      const created = await recordOf(tidied.email)
      if (created === null) throw new Error("the account that was made is not there")
      // Better Auth signs a new account in at once; nobody holds that session's cookie.
      await database.deleteFrom("session").where("userId", "=", created.id).execute()
      return created
    },

    list: async () => {
      const rows = await database.selectFrom("user").selectAll().orderBy("createdAt").orderBy("id").execute()
      return rows.map(recordFrom)
    },

    disable: async (email) => {
      const account = await recordOf(tidyEmail(email) ?? email)
      if (account === null) return null
      const disabledAt = account.disabledAt ?? new Date()
      await database
        .updateTable("user")
        .set({ disabledAt: disabledAt.toISOString() })
        .where("id", "=", account.id)
        .execute()
      await database.deleteFrom("session").where("userId", "=", account.id).execute()
      return { ...account, disabledAt }
    },

    migrate: async (on) => {
      const { runMigrations } = await getMigrations({
        ...settings,
        database: { ...settings.database, db: on },
      })
      await runMigrations()
    },
  }
  return accounts
}

/** Better Auth reports some faults of the database as its own; this gives them back as they were. */
async function askBetterAuth<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof APIError && error.cause instanceof StoreUnavailableError ? error.cause : error
  }
}

function emailTaken(): AccountError {
  return new AccountError("email_taken", "An account with this email is there already.")
}

function tooManyAttempts(retryAfterSeconds: number): FormOutcome {
  const minutes = Math.ceil(retryAfterSeconds / 60)
  const message = `Too many attempts. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`
  return { ok: false, field: "form", message, retryAfterSeconds }
}

const DISABLED = "ACCOUNT_DISABLED"

const FIELDS = {
  email_taken: "email",
  invalid_email: "email",
  invalid_password: "password",
  invalid_name: "name",
} as const

/** On PostgreSQL an account is made in one transaction; on SQLite none is held across a tick (ARCHITECTURE.md, Decisions). */
function databaseOf(database: Database) {
  return database instanceof PostgresDatabase
    ? { db: database, type: "postgres" as const, transaction: true }
    : { db: database, type: "sqlite" as const }
}

function settingsOf(options: {
  database: Database
  issuer: string
  secret: string
  passwords: PasswordHashing
}) {
  return {
    appName: "Authchemy",
    baseURL: options.issuer,
    secret: options.secret,
    database: databaseOf(options.database),
    telemetry: { enabled: false },
    logger: { disabled: true },
    rateLimit: { enabled: false },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: SHORTEST_PASSWORD,
      maxPasswordLength: LONGEST_PASSWORD,
      password: options.passwords,
    },
    session: {
      expiresIn: BROWSER_SESSION_SECONDS,
      disableSessionRefresh: true,
      cookieCache: { enabled: false },
    },
    user: { additionalFields: { disabledAt: { type: "date", required: false, input: false } } },
    databaseHooks: {
      session: {
        create: {
          before: async (session, call) => {
            if (call === null) throw new Error("a browser session is made by a call of Better Auth's API")
            // Through its adapter, and so within its transaction: a second connection would not see an account that is being made.
            const user = await call.context.internalAdapter.findUserById(session.userId)
            if (user === null || ("disabledAt" in user && user.disabledAt))
              throw new APIError("FORBIDDEN", { code: DISABLED, message: "disabled" })
          },
        },
      },
    },
    advanced: {
      cookiePrefix: "authchemy",
      useSecureCookies: options.issuer.startsWith("https:"),
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax" },
      ipAddress: { disableIpTracking: true },
    },
  } satisfies BetterAuthOptions
}

function recordFrom(row: Selectable<Schema["user"]>): AccountRecord {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    createdAt: new Date(row.createdAt),
    disabledAt: row.disabledAt === null ? null : new Date(row.disabledAt),
  }
}
