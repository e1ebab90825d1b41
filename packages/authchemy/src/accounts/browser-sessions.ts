import type { Audit } from "../audit/events.ts"
import type { Database } from "../database/database.ts"
import type { Accounts } from "./accounts.ts"
import type { Background } from "./background.ts"
import { type BetterAuth, CallRefused } from "./better-auth.ts"
import type { Refusal, Visit } from "./built-in.ts"
import { DISABLED, refusal } from "./refusals.ts"
import type { BrowserSessions } from "./shared-parts.ts"

/** How exactly the last use of a browser session is kept, in milliseconds. */
const USE_EVERY_MS = 60_000

/** What the built-in accounts know of browser sessions beside `BrowserSessions`. */
export type OwnBrowserSessions = Pick<BrowserSessions, "endAll"> &
  Pick<Accounts, "browserSession" | "signOut"> & {
    /** @param openedAt when the session began whose place this one takes; left out, now */
    open(
      accountId: string,
      visit: Visit,
      openedAt?: Date,
    ): Promise<{ ok: true; setCookies: string[] } | Refusal>
    /** When somebody signed in to it; `null` where it has ended. */
    openedAt(sessionId: string): Promise<Date | null>
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

  const endPending = async (accountId: string) => {
    await database.deleteFrom("verification").where("value", "=", accountId).execute()
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

    open: async (accountId, visit, openedAt) => {
      try {
        const opening = openedAt === undefined ? { visit } : { visit, openedAt }
        const { setCookies } = await auth.openSession(accountId, opening)
        return { ok: true, setCookies }
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
    },

    openedAt: async (sessionId) => {
      const row = await database
        .selectFrom("session")
        .select("createdAt")
        .where("id", "=", sessionId)
        .executeTakeFirst()
      return row === undefined ? null : new Date(row.createdAt)
    },

    endByToken: async (token) => {
      await database.deleteFrom("session").where("token", "=", token).execute()
    },

    endPending,

    endAll: async (accountId, exceptSessionId) => {
      // They have come as far by what may count no more.
      await endPending(accountId)
      const others = database.deleteFrom("session").where("userId", "=", accountId)
      const query = exceptSessionId === null ? others : others.where("id", "!=", exceptSessionId)
      return Number((await query.executeTakeFirst()).numDeletedRows)
    },
  }
}
