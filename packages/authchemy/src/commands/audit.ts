import { tidyText } from "@authchemy/protocol"
import { isDigestOfAccountId, loggedAccountId } from "../audit/account-id.ts"
import { activityEvent } from "../audit/activity-event.ts"
import { listEvents } from "../audit/event-rows.ts"
import { AUDIT_EVENT_TYPES, type AuditQuery, isEventType, type RecordedEvent } from "../audit/events.ts"
import { sentenceOf } from "../audit/sentences.ts"
import { parseConfig } from "../config.ts"
import type { Database } from "../database/database.ts"
import { CommandError, type CommandIo, withAccountServices } from "./command.ts"

/** `authchemy audit`: the words of the command line, as they were given. */
export type AuditOptions = {
  account?: string
  type?: string[]
  since?: string
  limit?: string
  json?: boolean
}

const DEFAULT_LIMIT = 100
const MOST = 100_000
const LARGEST_PAGE = 1_000
/** Ids of one look-up of emails. */
const LOOKED_UP_AT_ONCE = 500
/** The longest cell, in UTF-16 code units. */
const LONGEST_CELL = 1_500

/**
 * `authchemy audit [--account <email or id>] [--type <type>]… [--since <when>] [--limit <number>] [--json]`: the newest that match, the oldest of them first. Whatever stands in
 * the log, no control character reaches the terminal.
 * @param now milliseconds since the epoch
 */
export async function showAudit(
  options: AuditOptions,
  io: CommandIo,
  now: () => number = Date.now,
): Promise<void> {
  const { account, type: types = [], json = false } = options
  const unknown = types.find((type) => !isEventType(type))
  if (unknown !== undefined) {
    throw new CommandError(
      2,
      `--type: there is no ${JSON.stringify(unknown)}; there are ${AUDIT_EVENT_TYPES.join(", ")}`,
    )
  }
  const limit = parseLimit(options.limit)
  const since = options.since === undefined ? undefined : parseSince(options.since, now())
  await withAccountServices(parseConfig(io.env), async ({ database }) => {
    const accountId = account === undefined ? undefined : await accountIdOf(database, account)
    const query: Omit<AuditQuery, "limit" | "cursor"> = {
      types: types.filter(isEventType),
      ...(accountId === undefined ? {} : { accountId }),
      ...(since === undefined ? {} : { since }),
    }
    const events = await newest(database, query, limit)
    const emails = await emailsOf(database, events)
    for (const event of events.reverse()) {
      const email = event.accountId === null ? null : (emails.get(event.accountId) ?? null)
      io.stdout(`${json ? jsonLineOf(event, email) : lineOf(event, email)}\n`)
    }
  })
}

async function newest(
  database: Database,
  query: Omit<AuditQuery, "limit" | "cursor">,
  limit: number,
): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for (let cursor: string | null | undefined; cursor !== null && events.length < limit; ) {
    const page = await listEvents(database, {
      ...query,
      ...(cursor === undefined ? {} : { cursor }),
      limit: Math.min(limit - events.length, LARGEST_PAGE),
    })
    for (const event of page.events) events.push(event)
    cursor = page.cursor
  }
  return events
}

/**
 * An account that is gone has no email any more; its events are found by its id.
 * @returns the id as it stands in the log
 */
async function accountIdOf(database: Database, account: string): Promise<string> {
  const accountId = isDigestOfAccountId(account) ? account : loggedAccountId(account)
  if (!account.includes("@")) return accountId
  const row = await database
    .selectFrom("user")
    .select("id")
    .where("email", "=", account.trim().toLowerCase())
    .executeTakeFirst()
  if (row !== undefined) return row.id
  const { events } = await listEvents(database, { accountId, limit: 1 })
  if (events.length > 0) return accountId
  const instead = "Events of an account that is gone are found by its id: authchemy audit --account <id>"
  throw new CommandError(1, `There is no account with the email ${tidyText(account, 320)}. ${instead}`)
}

async function emailsOf(database: Database, events: readonly RecordedEvent[]): Promise<Map<string, string>> {
  const ids = Array.from(new Set(events.flatMap(({ accountId }) => accountId ?? [])))
  const emails = new Map<string, string>()
  for (let from = 0; from < ids.length; from += LOOKED_UP_AT_ONCE) {
    const some = ids.slice(from, from + LOOKED_UP_AT_ONCE)
    const rows = await database.selectFrom("user").select(["id", "email"]).where("id", "in", some).execute()
    for (const { id, email } of rows) emails.set(id, email)
  }
  return emails
}

/** Time, type, email (of an account that is gone its id), program and machine, address, details, and the sentence, with tabs between. */
function lineOf(event: RecordedEvent, email: string | null): string {
  const { device, clientId, origin, details } = event
  const program = [device.client ?? clientId, device.name].filter((text) => text != null)
  const said = Object.entries(details).map(([key, value]) => `${key}=${quoted(value)}`)
  const cells = [
    event.at,
    event.type,
    email ?? event.accountId ?? "-",
    program.join(" on ") || "-",
    origin.address ?? (origin.actor === "operator" ? "operator" : "-"),
    said.join(" ") || "-",
    sentenceOf(event),
  ]
  return cells.map((cell) => tidyText(cell, LONGEST_CELL)).join("\t")
}

function quoted(value: string | number | boolean): string {
  return typeof value === "string" && !/^[\w.:/@+-]+$/.test(value) ? JSON.stringify(value) : String(value)
}

/** `JSON.stringify` leaves some control and direction characters as they are; as escapes they mean the same. */
function jsonLineOf(event: RecordedEvent, email: string | null): string {
  const text = JSON.stringify({ ...activityEvent(event), email })
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => escapeOf(character, at)).join(""),
  )
}

function escapeOf(text: string, at: number): string {
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT
  const limit = Number(text)
  if (/^\d{1,6}$/.test(text) && limit >= 1 && limit <= MOST) return limit
  throw new CommandError(2, `--limit: must be a whole number from 1 to ${MOST}, got ${JSON.stringify(text)}`)
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * A moment: a time before now (`7d`, `24h`, `30m`), a day (`2026-11-23`), or a day and a time, in UTC unless it says otherwise (`2026-11-23T22:05:00Z`).
 * @returns ISO 8601, UTC, milliseconds
 */
export function parseSince(text: string, now: number): string {
  const [, count, unit = ""] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  if (count !== undefined) return new Date(now - Number(count) * (UNITS_MS[unit] ?? 0)).toISOString()
  const [, day, time = "T00:00", zone = "Z"] =
    /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(text) ?? []
  const moment = day === undefined ? Number.NaN : Date.parse(`${day}${time}${zone}`)
  if (!Number.isNaN(moment)) return new Date(moment).toISOString()
  throw new CommandError(
    2,
    `--since: must be a time ago, such as 7d, 24h or 30m, or a moment, such as 2026-11-23 or 2026-11-23T22:05:00Z; got ${JSON.stringify(text)}`,
  )
}
