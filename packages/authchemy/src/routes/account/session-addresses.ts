import type { Session } from "@authchemy/tokens"
import type { Audit } from "../../audit/events.ts"

/** How many events are read at a time, and how often at most: what is further back is not looked for. */
const EVENTS_A_PAGE = 250
const MOST_PAGES = 8

/** How far the audit log's clock may be behind the token store's, in milliseconds. */
const CLOCK_SKEW_MS = 60_000

/**
 * From which network address each session began: where its token was issued to.
 * @param sessions an account's, in any order
 * @returns addresses by the sessions' ids, without those of which nothing is known
 */
export async function sessionAddresses(
  audit: Pick<Audit, "list">,
  accountId: string,
  sessions: readonly Session[],
): Promise<ReadonlyMap<string, string>> {
  const addresses = new Map<string, string>()
  const sought = new Set(sessions.map(({ id }) => id))
  if (sought.size === 0) return addresses
  const oldest = Math.min(...sessions.map(({ createdAt }) => createdAt))
  const since = new Date(oldest - CLOCK_SKEW_MS).toISOString()
  let cursor: string | null = null
  for (let page = 0; page < MOST_PAGES && sought.size > 0; page++) {
    const query = { accountId, types: ["token.issued"], since, limit: EVENTS_A_PAGE } as const
    const found = await audit.list(cursor === null ? query : { ...query, cursor })
    for (const { sessionId, origin } of found.events) {
      if (sessionId === null || !sought.delete(sessionId)) continue
      if (origin.address !== null) addresses.set(sessionId, origin.address)
    }
    cursor = found.cursor
    if (cursor === null) break
  }
  return addresses
}
