import type { DeviceClaims } from "@authchemy/protocol"
import { type Insertable, type Selectable, sql } from "kysely"
import type { Database } from "../database/database.ts"
import type { Schema } from "../database/schema.ts"
import type { AuditActor, AuditEventType, AuditQuery, RecordedEvent } from "./events.ts"

/** The most rows of one statement, at 11 values a row; SQLite takes 32,766 values, PostgreSQL 65,535. */
const LARGEST_STATEMENT = 256

/** Where a page ended. */
type Position = { at: string; id: string }

/**
 * Writes events down, all or none, and with each its delivery where there is a webhook. What is there already is left as it is, so that it can be done again where
 * the answer was lost.
 * @param deliveryOf what is sent to the webhook for an event; `null`: there is none
 * @throws DatabaseUnavailableError
 */
export async function insertEvents(
  database: Database,
  events: readonly RecordedEvent[],
  deliveryOf: ((event: RecordedEvent) => Insertable<Schema["webhook_delivery"]>) | null,
): Promise<void> {
  const parts = statementsOf(events)
  const write = async (on: Database) => {
    for (const part of parts) {
      await on
        .insertInto("audit_event")
        .values(part.map(rowOf))
        .onConflict((conflict) => conflict.column("id").doNothing())
        .execute()
      if (deliveryOf === null) continue
      await on
        .insertInto("webhook_delivery")
        .values(part.map(deliveryOf))
        .onConflict((conflict) => conflict.column("id").doNothing())
        .execute()
    }
  }
  if (parts.length === 1 && deliveryOf === null) await write(database)
  else await database.transaction().execute(write)
}

/**
 * The events that match, the newest first.
 * @param query.accountId as it stands in the log (`account-id.ts`)
 * @throws DatabaseUnavailableError
 * @throws RangeError where the cursor is none
 */
export async function listEvents(
  database: Database,
  query: AuditQuery,
): Promise<{ events: RecordedEvent[]; cursor: string | null }> {
  const { accountId, types = [], since, cursor, limit } = query
  let select = database.selectFrom("audit_event").selectAll()
  if (accountId !== undefined) select = select.where("account_id", "=", accountId)
  if (types.length > 0) select = select.where("type", "in", types)
  if (since !== undefined) select = select.where("at", ">=", since)
  if (cursor !== undefined) {
    const position = positionOf(cursor)
    if (position === null) throw new RangeError("the cursor is not one that a list has given")
    select = select.where(sql<boolean>`(at, id) < (${position.at}, ${position.id})`)
  }
  const rows = await select
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute()
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return { events: page.map(eventFrom), cursor: last === undefined ? null : cursorOf(last) }
}

/** Whether a text can be the cursor of a list. */
export function isCursor(text: string): boolean {
  return positionOf(text) !== null
}

function cursorOf({ at, id }: Position): string {
  return Buffer.from(JSON.stringify([at, id])).toString("base64url")
}

function positionOf(cursor: string): Position | null {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"))
    if (!Array.isArray(position) || position.length !== 2) return null
    const [at, id] = position
    return typeof at === "string" && typeof id === "string" ? { at, id } : null
  } catch {
    return null
  }
}

/** Parts of as many rows as a power of two, the largest first: so there are nine statements to prepare, not one for each number of rows. */
function statementsOf<T>(rows: readonly T[]): T[][] {
  const parts: T[][] = []
  for (let from = 0, size = LARGEST_STATEMENT; from < rows.length; ) {
    if (rows.length - from < size) size /= 2
    else {
      parts.push(rows.slice(from, from + size))
      from += size
    }
  }
  return parts
}

function rowOf(event: RecordedEvent): Insertable<Schema["audit_event"]> {
  return {
    id: event.id,
    at: event.at,
    type: event.type,
    account_id: event.accountId,
    session_id: event.sessionId,
    client_id: event.clientId,
    device: JSON.stringify(event.device),
    actor: event.origin.actor,
    address: event.origin.address,
    agent: event.origin.agent,
    details: JSON.stringify(event.details),
  }
}

function eventFrom(row: Selectable<Schema["audit_event"]>): RecordedEvent {
  return {
    id: row.id,
    at: row.at,
    type: row.type as AuditEventType,
    accountId: row.account_id,
    sessionId: row.session_id,
    clientId: row.client_id,
    device: JSON.parse(row.device) as DeviceClaims,
    origin: { actor: row.actor as AuditActor, address: row.address, agent: row.agent },
    details: JSON.parse(row.details) as RecordedEvent["details"],
  }
}
