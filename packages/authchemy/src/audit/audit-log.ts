import { randomBytes as secureRandomBytes } from "node:crypto"
import type { Logger } from "pino"
import type { Database } from "../database/database.ts"
import { refusalOf } from "../database/refused-value.ts"
import { loggedAccountId } from "./account-id.ts"
import { createEventIds } from "./event-id.ts"
import { createEventQueue } from "./event-queue.ts"
import { insertEvents, listEvents } from "./event-rows.ts"
import type { Audit, RecordedEvent } from "./events.ts"
import { currentOrigin } from "./origin.ts"
import { recordedEvent } from "./recorded.ts"
import { keepForDays } from "./retention.ts"
import { systemTimer, type Timer } from "./timer.ts"
import { startWebhookSender, type WebhookOptions } from "./webhook.ts"
import { createWebhookOutbox, deliveryOf } from "./webhook-outbox.ts"

/** How long closing waits for the database, in milliseconds. */
const CLOSE_LIMIT_MS = 5_000

/** The audit log of one process. */
export type AuditLog = Audit & {
  /** Resolves when all that was recorded before is in the database. @throws DatabaseUnavailableError */
  flushed(): Promise<void>
  /** Writes what is left, for five seconds at most, and stops sending webhooks. The database is closed after it. Never rejects. */
  close(): Promise<void>
}

/**
 * Opens the audit log on a database whose tables are up to date.
 * @param options.retentionDays how long an event is kept, 1 to 3,650; `null`: this process clears nothing away, as a command of the operator's does
 * @param options.webhook where events are sent to; `null`: nowhere
 * @param options.now milliseconds since the epoch
 */
export function openAuditLog(options: {
  database: Database
  now: () => number
  logger: Pick<Logger, "info" | "warn" | "error">
  retentionDays: number | null
  webhook: WebhookOptions | null
  timer?: Timer
  randomBytes?: (size: number) => Uint8Array
}): AuditLog {
  const { database, now, logger, retentionDays: days, webhook } = options
  const { timer = systemTimer, randomBytes = secureRandomBytes } = options
  const nextId = createEventIds(now, randomBytes)
  const sender =
    webhook === null || webhook.delivers === false
      ? null
      : startWebhookSender({ outbox: createWebhookOutbox(database, now), webhook, now, timer, logger })
  const queue = createEventQueue<RecordedEvent>({
    write: async (batch) => {
      await insertEvents(database, batch, webhook === null ? null : deliveryOf)
      sender?.wake()
    },
    refusalOf,
    nameOf: ({ type }) => type,
    logger,
    timer,
  })
  const retention = days === null ? null : keepForDays({ database, days, now, timer, logger })

  return {
    record: (event) => {
      try {
        queue.put(recordedEvent(event, currentOrigin(), nextId()))
      } catch (error) {
        logger.error({ err: error }, "an event could not be taken down")
      }
    },
    list: async (query) => {
      await queue.flushed()
      const { accountId } = query
      return listEvents(
        database,
        accountId === undefined ? query : { ...query, accountId: loggedAccountId(accountId) },
      )
    },
    flushed: queue.flushed,
    close: async () => {
      await queue.close(CLOSE_LIMIT_MS)
      await Promise.all([retention?.close(), sender?.close()])
    },
  }
}
