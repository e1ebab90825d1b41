import { setImmediate as nextTurn } from "node:timers/promises"
import type { Logger } from "pino"
import type { Database } from "../database/database.ts"
import type { Timer } from "./timer.ts"

/** How many rows go at once: so nobody waits long for the lock. */
const BATCH = 500
const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

/**
 * Clears away what is older than the log is to be, at once and every hour: events, deliveries that nobody makes any more, and the networks of access keys.
 * @param options.days how long an event is kept
 * @param options.now milliseconds since the epoch
 * @returns ends it, once the present batch is done
 */
export function keepForDays(options: {
  database: Database
  days: number
  now: () => number
  timer: Timer
  logger: Pick<Logger, "warn">
}): { close(): Promise<void> } {
  const { database, days, now, timer, logger } = options
  let closed = false
  let callOff = () => {}
  const sweep = async () => {
    try {
      const before = new Date(now() - days * DAY_MS).toISOString()
      for (const clear of CLEARED) {
        while (!closed && (await clear(database, before)) === BATCH) await nextTurn()
      }
    } catch (error) {
      logger.warn({ err: error }, "old audit events could not be cleared away; tried again in an hour")
    }
    if (!closed) callOff = timer(again, HOUR_MS)
  }
  const again = () => {
    sweeping = sweep()
  }
  let sweeping = sweep()
  return {
    close: async () => {
      closed = true
      callOff()
      await sweeping
    },
  }
}

/** Each clears one table of at most `BATCH` rows, the oldest first, and tells how many they were. */
const CLEARED: readonly ((database: Database, before: string) => Promise<number>)[] = [
  async (database, before) => {
    const old = database
      .selectFrom("audit_event")
      .select("id")
      .where("at", "<", before)
      .orderBy("at")
      .orderBy("id")
      .limit(BATCH)
    const { numDeletedRows } = await database
      .deleteFrom("audit_event")
      .where("id", "in", old)
      .executeTakeFirst()
    return Number(numDeletedRows)
  },
  async (database, before) => {
    const old = database
      .selectFrom("webhook_delivery")
      .select("id")
      .where("next_attempt_at", "<", before)
      .orderBy("next_attempt_at")
      .limit(BATCH)
    const { numDeletedRows } = await database
      .deleteFrom("webhook_delivery")
      .where("id", "in", old)
      .executeTakeFirst()
    return Number(numDeletedRows)
  },
  async (database, before) => {
    const old = database
      .selectFrom("access_key_address")
      .select(["key_id", "network"])
      .where("first_used_at", "<", before)
      .orderBy("first_used_at")
      .limit(BATCH)
    const { numDeletedRows } = await database
      .deleteFrom("access_key_address")
      .where(({ eb, refTuple }) => eb(refTuple("key_id", "network"), "in", old.$asTuple("key_id", "network")))
      .executeTakeFirst()
    return Number(numDeletedRows)
  },
]
