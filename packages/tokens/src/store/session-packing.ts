import type { DeviceClaims } from "@authchemy/protocol"
import type { Session } from "../token-service.ts"

/** Session ids have this many characters; the scripts find them by position. */
export const SESSION_ID_LENGTH = 16

const VERSION = "1"
const TIME_LENGTH = 9

/** A moment in milliseconds since the epoch as 9 base36 digits: fixed width, so that text order is time order (until the year 5188). */
export function packTime(time: number): string {
  return Math.max(0, Math.trunc(time)).toString(36).padStart(TIME_LENGTH, "0")
}

/**
 * A session as one short text: a version character, last use, expiry and creation (9 base36 digits each), the id (16), and JSON
 * `[accountId, name, os, client]`, empty claims left out from the end.
 */
export function packSession(session: Session): string {
  const { name, os, client } = session.device
  const variable = [session.accountId, name ?? "", os ?? "", client ?? ""]
  while (variable.at(-1) === "") variable.pop()
  return (
    VERSION +
    packTime(session.lastUsedAt) +
    packTime(session.expiresAt) +
    packTime(session.createdAt) +
    session.id +
    JSON.stringify(variable)
  )
}

/** Reads what `packSession` wrote. @throws Error where the text is something else. */
export function unpackSession(text: string): Session {
  if (text[0] !== VERSION) throw new Error(`unknown session record version ${JSON.stringify(text[0])}`)
  const time = (index: number) =>
    Number.parseInt(text.slice(1 + index * TIME_LENGTH, 1 + (index + 1) * TIME_LENGTH), 36)
  const idStart = 1 + 3 * TIME_LENGTH
  const [accountId, name, os, client] = JSON.parse(text.slice(idStart + SESSION_ID_LENGTH)) as [
    string,
    ...(string | undefined)[],
  ]
  const device: DeviceClaims = {}
  if (name) device.name = name
  if (os) device.os = os
  if (client) device.client = client
  return {
    id: text.slice(idStart, idStart + SESSION_ID_LENGTH),
    accountId,
    device,
    createdAt: time(2),
    lastUsedAt: time(0),
    expiresAt: time(1),
  }
}
