import type { DeviceClaims } from "@authchemy/protocol"

/** What the audit log tells of. The names are stable: webhooks and `GET /v1/activity` carry them. */
export const AUDIT_EVENT_TYPES = [
  "account.created",
  "account.disabled",
  "account.enabled",
  "account.email_verified",
  "account.reset",
  "password.changed",
  "password.reset_requested",
  "password.reset",
  "second_factor.added",
  "second_factor.removed",
  "recovery_codes.renewed",
  "recovery_code.used",
  "passkey.added",
  "passkey.removed",
  "provider.linked",
  "provider.unlinked",
  "sign_in.succeeded",
  "sign_in.failed",
  "sign_out",
  "browser.ended",
  "approval.granted",
  "approval.denied",
  "approvals.voided",
  "token.issued",
  "token.refreshed",
  "token.revoked",
  "access_key.created",
  "access_key.deleted",
  "access_key.used_from_new_address",
  "app.created",
  "app.deleted",
] as const
export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number]

export function isEventType(text: string): text is AuditEventType {
  return (AUDIT_EVENT_TYPES as readonly string[]).includes(text)
}

/** Whose doing it was: the account's own, in a browser or by a program; the operator's, at the command line or by the application that the server is part of; or the server's, by its rules. */
export type AuditActor = "browser" | "program" | "operator" | "server"

/** Where something came from. */
export type Origin = {
  actor: AuditActor
  /** The network address; `null` where there is none, as at the operator's command line. */
  address: string | null
  /** What the caller says of itself: a browser's or program's `User-Agent`, tidied; `null` where it says nothing. */
  agent: string | null
}

/** Something that happened. No field ever holds a token, a code, a key, a password or a link. */
export type AuditEvent = {
  type: AuditEventType
  /** `null` where no account is known, as of a sign-in with an unknown email. */
  accountId: string | null
  /** The command-line session that it is about. */
  sessionId?: string | null
  /** The OAuth client that it is about. */
  clientId?: string | null
  /** The machine that it is about, as it described itself. */
  device?: DeviceClaims
  /** What else there is to say, such as `{ reason: "code_replayed" }` or `{ name: "CI" }`. Short values. */
  details?: Readonly<Record<string, string | number | boolean>>
}

/** An event as it stands in the log. */
export type RecordedEvent = Required<AuditEvent> & {
  /** Its order is time's order. */
  id: string
  /** ISO 8601, UTC, milliseconds. */
  at: string
  origin: Origin
}

/** Which events: all that are given must match. The newest come first. */
export type AuditQuery = {
  accountId?: string
  types?: readonly AuditEventType[]
  /** ISO 8601: from this moment on. */
  since?: string
  /** Where the page before ended. */
  cursor?: string
  /** 1 to 1,000. */
  limit: number
}

/** Takes down what happened. */
export type Audit = {
  /**
   * Takes an event down, with the origin of the call that it is made in (`origin.ts`). Never throws and never makes anybody wait: it is written with
   * others, a moment later. Where the database is out of reach it is tried again, and what does not fit in memory any more is told to the server's log.
   */
  record(event: AuditEvent): void
  /** What has been recorded, the newest first; what this process has recorded is in it. @throws DatabaseUnavailableError */
  list(query: AuditQuery): Promise<{ events: RecordedEvent[]; cursor: string | null }>
}
