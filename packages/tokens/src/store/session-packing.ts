import { ALCHEMY_CLIENT_ID, DEFAULT_SCOPES, type DeviceClaims, SCOPES, type Scope } from "@authchemy/protocol"
import type { SessionRecord } from "./store.ts"

/** Session ids have this many characters, of base64url. */
export const SESSION_ID_LENGTH = 16

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

/** A moment in milliseconds since the epoch as 6 bytes, the highest first. */
export function packTime(time: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUIntBE(Math.max(0, Math.trunc(time)), 0, 6)
  return bytes
}

const SESSION_ID = /^[A-Za-z0-9_-]{16}$/

/** A session's id as its 12 bytes; of a text that is none, bytes that no session has. */
export function packId(id: string): Buffer {
  return SESSION_ID.test(id) ? Buffer.from(id, "base64url") : Buffer.from("?")
}

const SESSION = 1
const ACCESS_TOKEN = 2
/** Beside the bits of the scopes: a key's thumbprint follows. */
const BOUND = 0x80

/**
 * What is verified of a session: a kind (1 byte), last use and expiry (6 bytes each), the scopes (1 byte: a bit each in the order of `SCOPES`, and one that says that
 * there is a thumbprint). Then, of a session: creation (6 bytes), id (12), the thumbprint with its length before it, and the account's id; of an access token beside a
 * refresh token: the family's digest (43) and the thumbprint. 64 bytes for an account's id of 32 characters: a Redis hash keeps values up to that without a pointer each.
 */
export function packRecord(record: Omit<SessionRecord, "digest" | "tag">): Buffer {
  const { family, keyThumbprint } = record
  const thumbprint =
    keyThumbprint === null ? [] : [Buffer.of(keyThumbprint.length), Buffer.from(keyThumbprint)]
  const head = [packTime(record.lastUsedAt), packTime(record.expiresAt), Buffer.of(scopeBits(record))]
  return family === null
    ? Buffer.concat([
        ...[Buffer.of(SESSION), ...head, packTime(record.createdAt), packId(record.id)],
        ...[...thumbprint, Buffer.from(record.accountId)],
      ])
    : Buffer.concat([Buffer.of(ACCESS_TOKEN), ...head, Buffer.from(family), ...thumbprint])
}

/** What is shown of a session: JSON `[name, os, client, clientId]`, what is empty left out from the end. */
export function packShown({ device, clientId }: Pick<SessionRecord, "device" | "clientId">): string {
  const shown = [device.name ?? "", device.os ?? "", device.client ?? ""]
  if (clientId !== ALCHEMY_CLIENT_ID) shown.push(clientId)
  while (shown.at(-1) === "") shown.pop()
  return shown.length === 0 ? "" : JSON.stringify(shown)
}

/**
 * Reads what `packRecord` and `packShown` wrote.
 * @param record of a session, or of an access token
 * @param session of the session that the token belongs to; the same where the record is that
 * @throws Error where the bytes are something else
 */
export function unpackSession(
  record: Buffer,
  session: Buffer,
  shown: Buffer,
): Omit<SessionRecord, "digest" | "tag"> {
  const kind = record[0]
  if ((kind !== SESSION && kind !== ACCESS_TOKEN) || session[0] !== SESSION) {
    throw new Error(`unknown kind of session record: ${kind}, ${session[0]}`)
  }
  const bits = record.readUInt8(13)
  const [name, os, client, clientId] = shown.length === 0 ? [] : (JSON.parse(shown.toString()) as string[])
  const device: DeviceClaims = {}
  if (name) device.name = name
  if (os) device.os = os
  if (client) device.client = client
  return {
    id: session.toString("base64url", 20, 32),
    accountId: accountOf(session),
    clientId: clientId || ALCHEMY_CLIENT_ID,
    scopes: scopesOf(bits),
    device,
    keyThumbprint: (bits & BOUND) === 0 ? null : thumbprintAt(record, kind === SESSION ? 32 : 57),
    family: kind === SESSION ? null : record.toString("latin1", 14, 57),
    createdAt: session.readUIntBE(14, 6),
    lastUsedAt: record.readUIntBE(1, 6),
    expiresAt: record.readUIntBE(7, 6),
  }
}

/** Whether a record is that of an access token beside a refresh token. */
export function isAccessToken(record: Buffer): boolean {
  return record[0] === ACCESS_TOKEN
}

function accountOf(session: Buffer): string {
  const bound = (session.readUInt8(13) & BOUND) !== 0
  return session.toString("utf8", bound ? 33 + session.readUInt8(32) : 32)
}

function thumbprintAt(record: Buffer, at: number): string {
  return record.toString("latin1", at + 1, at + 1 + record.readUInt8(at))
}

function scopeBits({ scopes, keyThumbprint }: Pick<SessionRecord, "scopes" | "keyThumbprint">): number {
  let bits = keyThumbprint === null ? 0 : BOUND
  for (const [index, scope] of SCOPES.entries()) if (scopes.includes(scope)) bits |= 1 << index
  return bits
}

/** Most sessions have the same scopes: one list for all of them. */
const LISTS = new Map<number, readonly Scope[]>()

function scopesOf(bits: number): readonly Scope[] {
  const wanted = bits & ~BOUND
  const known = LISTS.get(wanted)
  if (known !== undefined) return known
  const list = Object.freeze(SCOPES.filter((_scope, index) => (wanted & (1 << index)) !== 0))
  LISTS.set(wanted, list)
  return list
}
