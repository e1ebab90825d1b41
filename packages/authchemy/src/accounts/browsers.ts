import type { Audit } from "../audit/events.ts"
import type { Database } from "../database/database.ts"
import type { Browsers } from "./built-in.ts"

/** @param options.now milliseconds since the epoch */
export function createBrowsers(options: { database: Database; audit: Audit; now: () => number }): Browsers {
  const { database, audit, now } = options

  return {
    list: async ({ account, sessionId }) => {
      const rows = await database
        .selectFrom("session")
        .select(["id", "ipAddress", "userAgent", "createdAt", "updatedAt"])
        .where("userId", "=", account.id)
        .where("expiresAt", ">", new Date(now()).toISOString())
        .orderBy("updatedAt", "desc")
        .orderBy("id")
        .execute()
      return rows.map((row) => ({
        id: row.id,
        address: row.ipAddress || null,
        agent: row.userAgent || null,
        createdAt: new Date(row.createdAt),
        lastUsedAt: new Date(row.updatedAt),
        current: row.id === sessionId,
      }))
    },

    end: async ({ account }, id) => {
      const { numDeletedRows } = await database
        .deleteFrom("session")
        .where("id", "=", id)
        .where("userId", "=", account.id)
        .executeTakeFirst()
      if (numDeletedRows === 0n) return false
      audit.record({ type: "browser.ended", accountId: account.id, details: { count: 1 } })
      return true
    },

    endOthers: async ({ account, sessionId }) => {
      // Sign-ins that wait for their second factor are others, too.
      await database.deleteFrom("verification").where("value", "=", account.id).execute()
      const { numDeletedRows } = await database
        .deleteFrom("session")
        .where("userId", "=", account.id)
        .where("id", "!=", sessionId)
        .executeTakeFirst()
      const count = Number(numDeletedRows)
      if (count > 0) audit.record({ type: "browser.ended", accountId: account.id, details: { count } })
      return count
    },
  }
}
