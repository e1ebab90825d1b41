import { randomUUID } from "node:crypto"
import { type RawBuilder, sql } from "kysely"
import type { Audit } from "../audit/events.ts"
import type { Database } from "../database/database.ts"
import type { Accounts, BrowserSession } from "./accounts.ts"
import type { Background } from "./background.ts"
import { type BetterAuth, CallRefused, type Opening } from "./better-auth.ts"
import type { Refusal, Visit } from "./built-in.ts"
import { DISABLED, refusal } from "./refusals.ts"
import type { BrowserSessions } from "./shared-parts.ts"

/** How exactly the last use of a browser session is kept, in milliseconds. */
const USE_EVERY_MS = 60_000
/** When the trace of a sign-in that was broken off may go, in milliseconds. */
const WATCH_MS = 10 * 60 * 1000

/** What the built-in accounts know of browser sessions beside `BrowserSessions`. */
export type OwnBrowserSessions = Pick<BrowserSessions, "endAll" | "isOpen"> &
  Pick<Accounts, "browserSession" | "signOut"> & {
    open(accountId: string, visit: Visit): Promise<{ ok: true; setCookies: string[] } | Refusal>
    /** When somebody signed in to it; `null` where it has ended. */
    openedAt(sessionId: string): Promise<Date | null>
    /**
     * Ends all of an account; the browser that asks goes on in a new one, which counts from when it signed in.
     * @returns its cookies; none where its session had been ended by something else
     */
    renew(browser: BrowserSession, visit: Visit): Promise<string[]>
    /**
     * Watches for what ends the sessions of an account, while a session is opened that it might miss.
     * @returns to be called once, when the session is there: `false` where all were to end since, and so this one too
     */
    watchEndings(accountId: string): Promise<() => Promise<boolean>>
    /** Ends the one session that holds a token. */
    endByToken(token: string): Promise<void>
    /** Ends an account's sign-ins that wait for their second factor. */
    endPending(accountId: string): Promise<void>
  }

/** @param options.now milliseconds since the epoch */
export function createBrowserSessions(options: {
  database: Database
  auth: BetterAuth
  audit: Audit
  background: Background
  now: () => number
}): OwnBrowserSessions {
  const { database, auth, audit, background, now } = options

  const noteUse = (session: { id: string; updatedAt: Date }) => {
    const at = now()
    if (at - session.updatedAt.getTime() < USE_EVERY_MS) return
    background.begin("noting the use of a browser session", async () => {
      await database
        .updateTable("session")
        .set({ updatedAt: new Date(at).toISOString() })
        .where("id", "=", session.id)
        .where("updatedAt", "<", new Date(at).toISOString())
        .execute()
    })
  }

  const isOpen = async ({ account, sessionId }: BrowserSession) => {
    const row = await database
      .selectFrom("session")
      .select("id")
      .where("id", "=", sessionId)
      .where("userId", "=", account.id)
      .executeTakeFirst()
    return row !== undefined
  }

  const endPending = async (accountId: string) => {
    await database.deleteFrom("verification").where("value", "=", accountId).execute()
  }

  /** @returns the ids of those that ended here, and not by something else at the same moment */
  const end = async (accountId: string, except: { column: "id" | "token"; value: string } | null) => {
    const ended: string[] = []
    // Twice: on PostgreSQL a DELETE passes over the rows that came in since it began.
    for (let round = 0; round < 2; round++) {
      // They have come as far by what may count no more.
      await endPending(accountId)
      const all = database.deleteFrom("session").where("userId", "=", accountId)
      const query = except === null ? all : all.where(except.column, "!=", except.value)
      for (const { id } of await query.returning("id").execute()) ended.push(id)
    }
    return ended
  }

  const endByToken = async (token: string) => {
    await database.deleteFrom("session").where("token", "=", token).execute()
  }

  const openedAt = async (sessionId: string) => {
    const row = await database
      .selectFrom("session")
      .select("createdAt")
      .where("id", "=", sessionId)
      .executeTakeFirst()
    return row === undefined ? null : new Date(row.createdAt)
  }

  const open = async (accountId: string, opening: Opening) => {
    try {
      const { answer, setCookies } = await auth.openSession(accountId, opening)
      return { ok: true, token: answer.token, setCookies } as const
    } catch (error) {
      if (!(error instanceof CallRefused)) throw error
      if (error.code === "EMAIL_NOT_VERIFIED") {
        return refusal(
          "form",
          "The email of this account has to be verified first. Sign in with the password to get a link.",
        )
      }
      return refusal("form", DISABLED)
    }
  }

  return {
    browserSession: async (request) => {
      if (!request.headers.has("cookie")) return null
      const found = await auth.getSession(request)
      if (found === null || found.user.disabledAt !== null) return null
      noteUse(found.session)
      const { id, email, name } = found.user
      return { account: { id, email, name }, sessionId: found.session.id }
    },

    signOut: async (request) => {
      // Better Auth passes over a database that is out of reach, and would report a session as ended that goes on.
      const found = await auth.getSession(request)
      if (found !== null) {
        await database.deleteFrom("session").where("id", "=", found.session.id).execute()
        audit.record({ type: "sign_out", accountId: found.user.id })
      }
      return (await auth.signOut(request)).setCookies
    },

    open: async (accountId, visit) => {
      const opened = await open(accountId, { visit })
      return opened.ok ? { ok: true, setCookies: opened.setCookies } : opened
    },

    openedAt,

    isOpen,

    renew: async (browser, visit) => {
      const { account, sessionId } = browser
      const since = await openedAt(sessionId)
      // The new one comes first. Whatever ends all sessions then ends the one or the other here, and whoever finds the old one gone drops the new one.
      const opened = since === null ? null : await open(account.id, { visit, openedAt: since })
      if (opened === null || !opened.ok) {
        await end(account.id, null)
        return []
      }
      const ended = await end(account.id, { column: "token", value: opened.token })
      if (ended.includes(sessionId)) return opened.setCookies
      await endByToken(opened.token)
      return []
    },

    watchEndings: async (accountId) => {
      const id = randomUUID()
      const at = new Date(now()).toISOString()
      const expiresAt = new Date(now() + WATCH_MS).toISOString()
      // Among the sign-ins that wait for their second factor, which end with the sessions, and before them.
      await database
        .insertInto("verification")
        .values({
          ...{ id, identifier: `authchemy watch ${id}`, value: accountId },
          ...{ expiresAt, createdAt: at, updatedAt: at },
        })
        .execute()
      return async () => {
        const { numDeletedRows } = await database
          .deleteFrom("verification")
          .where("id", "=", id)
          .executeTakeFirst()
        return numDeletedRows === 1n
      }
    },

    endByToken,

    endPending,

    endAll: async (accountId, exceptSessionId) => {
      const except = exceptSessionId === null ? null : { column: "id" as const, value: exceptSessionId }
      return (await end(accountId, except)).length
    },
  }
}

/** Of a statement that changes something for a browser: it does so only while the browser's session is there (S48). */
export function whileOpen({ sessionId }: BrowserSession): RawBuilder<boolean> {
  return sql<boolean>`EXISTS (SELECT 1 FROM "session" WHERE "session"."id" = ${sessionId})`
}
