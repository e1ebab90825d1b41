import type { Insertable } from "kysely"
import type { Database } from "../database/database.ts"
import type { Schema } from "../database/schema.ts"
import { activityEvent } from "./activity-event.ts"
import type { RecordedEvent } from "./events.ts"

/** How long a claim lasts, in milliseconds: longer than an attempt may take. */
const LEASE_MS = 20_000
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
/** How long to wait after each attempt that failed; after the last one no other is made. */
export const RETRY_PAUSES_MS: readonly number[] = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  1 * HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
]

/** A delivery that is ours to make until its lease ends. */
export type ClaimedDelivery = { id: string; body: string; attempts: number; leasedUntil: string }

/** What is still to be sent. Any number of processes work on it. Everything throws DatabaseUnavailableError. */
export type WebhookOutbox = {
  /** Takes what is due for the caller alone. What it does not settle is due again when the lease has ended. */
  claim(most: number): Promise<ClaimedDelivery[]>
  /** When the next one is due, in milliseconds since the epoch; `null`: there is none. */
  nextDueAt(): Promise<number | null>
  /** It has arrived, or is given up. */
  remove(delivery: ClaimedDelivery): Promise<void>
  /** It has not arrived. @returns whether it will be tried again; where not, it is gone */
  retry(delivery: ClaimedDelivery): Promise<boolean>
}

/** What is sent for an event: `GET /v1/activity` has the same shape. Due at once. */
export function deliveryOf(event: RecordedEvent): Insertable<Schema["webhook_delivery"]> {
  return { id: event.id, body: JSON.stringify(activityEvent(event)), attempts: 0, next_attempt_at: event.at }
}

/** @param now milliseconds since the epoch */
export function createWebhookOutbox(database: Database, now: () => number): WebhookOutbox {
  const timestamp = (time: number) => new Date(time).toISOString()
  /** A delivery whose lease has ended may be another process's by now: then it is left alone. */
  const remove = async ({ id, leasedUntil }: ClaimedDelivery) => {
    await database
      .deleteFrom("webhook_delivery")
      .where("id", "=", id)
      .where("next_attempt_at", "=", leasedUntil)
      .execute()
  }

  return {
    remove,

    claim: async (most) => {
      const at = now()
      const due = timestamp(at)
      const leasedUntil = timestamp(at + LEASE_MS)
      const chosen = database
        .selectFrom("webhook_delivery")
        .select("id")
        .where("next_attempt_at", "<=", due)
        .orderBy("next_attempt_at")
        .orderBy("id")
        .limit(most)
      const rows = await database
        .updateTable("webhook_delivery")
        .set(({ eb }) => ({ next_attempt_at: leasedUntil, attempts: eb("attempts", "+", 1) }))
        .where("id", "in", chosen)
        // PostgreSQL looks at this again where another process was first: a row that it has moved on is no longer due.
        .where("next_attempt_at", "<=", due)
        .returning(["id", "body", "attempts"])
        .execute()
      return rows.map((row) => ({ ...row, leasedUntil }))
    },

    nextDueAt: async () => {
      const row = await database
        .selectFrom("webhook_delivery")
        .select("next_attempt_at")
        .orderBy("next_attempt_at")
        .limit(1)
        .executeTakeFirst()
      return row === undefined ? null : Date.parse(row.next_attempt_at)
    },

    retry: async (delivery) => {
      const pause = RETRY_PAUSES_MS[delivery.attempts - 1]
      if (pause === undefined) {
        await remove(delivery)
        return false
      }
      await database
        .updateTable("webhook_delivery")
        .set({ next_attempt_at: timestamp(now() + pause) })
        .where("id", "=", delivery.id)
        .where("next_attempt_at", "=", delivery.leasedUntil)
        .execute()
      return true
    },
  }
}
