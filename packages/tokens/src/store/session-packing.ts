import { ALCHEMY_CLIENT_ID, DEFAULT_SCOPES, type DeviceClaims, type Scope } from "@authchemy/protocol"
import type { SessionRecord } from "./store.ts"

/** Session ids have this many characters; the scripts find them by position. */
export const SESSION_ID_LENGTH = 16

const VERSION = "1"
const TIME_LENGTH = 9

/** A moment in milliseconds since the epoch as 9 base36 digits: fixed width, so that text order is time order (until the year 5188). */
export function packTime(time: number): string {
  return Math.max(0, Math.trunc(time)).toString(36).padStart(TIME_LENGTH, "0")
}

/** Reads what `packTime` wrote. */
export function unpackTime(text: string): number {
  return Number.parseInt(text, 36)
}

const NO_SCOPES = "-"

/** Scopes as one text, as short as it gets: nothing for what most sessions have. */
export function packScopes(scopes: readonly Scope[]): string {
  if (scopes.length === 0) return NO_SCOPES
  const text = scopes.join(" ")
  return text === DEFAULT_SCOPES.join(" ") ? "" : text
}

/** Reads what `packScopes` wrote. */
export function unpackScopes(text: string): readonly Scope[] {
  if (text === NO_SCOPES) return []
  return text === "" ? DEFAULT_SCOPES : (text.split(" ") as Scope[])
}

/**
 * A session as one short text: a version character, last use, expiry and creation (9 base36 digits each), the id (16), and JSON
 * `[accountId, name, os, client, clientId, scopes, keyThumbprint, family]`. What is empty, or as with most sessions (the `alchemy` command, the
 * default scopes), is an empty text, and left out from the end.
 */
export function packSession(session: Omit<SessionRecord, "digest" | "tag">): string {
  const { name, os, client } = session.device
  const variable = [
    ...[session.accountId, name ?? "", os ?? "", client ?? ""],
    session.clientId === ALCHEMY_CLIENT_ID ? "" : session.clientId,
    ...[packScopes(session.scopes), session.keyThumbprint ?? "", session.family ?? ""],
  ]
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

/** Reads what `packSession` wrote, and what was written before sessions had clients. @throws Error where the text is something else. */
export function unpackSession(text: string): Omit<SessionRecord, "digest" | "tag"> {
  if (text[0] !== VERSION) throw new Error(`unknown session record version ${JSON.stringify(text[0])}`)
  const time = (index: number) =>
    unpackTime(text.slice(1 + index * TIME_LENGTH, 1 + (index + 1) * TIME_LENGTH))
  const idStart = 1 + 3 * TIME_LENGTH
  const [accountId, name, os, client, clientId, scopes, keyThumbprint, family] = JSON.parse(
    text.slice(idStart + SESSION_ID_LENGTH),
  ) as [string, ...(string | undefined)[]]
  const device: DeviceClaims = {}
  if (name) device.name = name
  if (os) device.os = os
  if (client) device.client = client
  return {
    id: text.slice(idStart, idStart + SESSION_ID_LENGTH),
    accountId,
    clientId: clientId || ALCHEMY_CLIENT_ID,
    scopes: unpackScopes(scopes ?? ""),
    device,
    keyThumbprint: keyThumbprint || null,
    family: family || null,
    createdAt: time(2),
    lastUsedAt: time(0),
    expiresAt: time(1),
  }
}
