import type { ActivityPage } from "@authchemy/protocol"
import type { Handler } from "hono"
import { activityEvent } from "../audit/activity-event.ts"
import { isCursor } from "../audit/event-rows.ts"
import { AUDIT_EVENT_TYPES, type Audit, isEventType } from "../audit/events.ts"
import type { AdminEnv } from "./authenticate.ts"
import { readQuery, refusedField } from "./query.ts"

const DEFAULT_LIMIT = 25
const MOST = 100

/** `GET /v1/activity?cursor&limit&type`: what happened to the caller's account, the newest first. */
export function listActivity(audit: Pick<Audit, "list">): Handler<AdminEnv> {
  return async (c) => {
    const query = readQuery(c.req.url, ["cursor", "limit", "type"])
    const { cursor, type, limit = String(DEFAULT_LIMIT) } = query
    const count = /^\d{1,3}$/.test(limit) ? Number(limit) : 0
    if (count < 1 || count > MOST) throw refusedField("limit", `must be a whole number from 1 to ${MOST}`)
    if (cursor !== undefined && !isCursor(cursor))
      throw refusedField("cursor", "must be one that a list has given")
    if (type !== undefined && !isEventType(type))
      throw refusedField("type", `must be one of ${AUDIT_EVENT_TYPES.join(", ")}`)
    const page = await audit.list({
      accountId: c.get("caller").account.id,
      limit: count,
      ...(cursor === undefined ? {} : { cursor }),
      ...(type === undefined ? {} : { types: [type] }),
    })
    const events = page.events.map(activityEvent)
    const data: ActivityPage = page.cursor === null ? { events } : { events, cursor: page.cursor }
    return c.json({ data })
  }
}
