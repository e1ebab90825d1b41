import type { ActivityEvent } from "@authchemy/protocol"
import type { RecordedEvent } from "./events.ts"

/** An event as it travels: in `GET /v1/activity`, to the webhook, and in `authchemy audit --json`. */
export function activityEvent(event: RecordedEvent): ActivityEvent {
  const { id, type, at, accountId, sessionId, clientId, device, origin, details } = event
  return { id, type, at, accountId, sessionId, clientId, device, origin, details }
}
