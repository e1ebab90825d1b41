import type { Audit, AuditEventType } from "../../audit/events.ts"
import type { PendingApproval } from "../../pages/account/sessions.ts"

/** Longer than any approval can be collected, in milliseconds. */
const LOOK_BACK_MS = 15 * 60_000

/** What voids every approval from before it, because it ends all that is signed in. */
const ENDS_ALL = [
  "password.changed",
  "password.reset",
  "second_factor.removed",
  "passkey.removed",
  "provider.unlinked",
  "account.disabled",
  "account.reset",
] as const satisfies readonly AuditEventType[]

const TYPES = ["approval.granted", "approval.denied", "token.issued", ...ENDS_ALL] as const
/** The most events that one look-up gives. */
const MOST_EVENTS = 1000

/**
 * The approvals of an account that no program has collected its token for yet, and still can; the newest first.
 * @param now milliseconds since the epoch
 */
export async function pendingApprovals(
  audit: Pick<Audit, "list">,
  accountId: string,
  now: number,
): Promise<PendingApproval[]> {
  const since = new Date(now - LOOK_BACK_MS).toISOString()
  const { events } = await audit.list({ accountId, types: TYPES, since, limit: MOST_EVENTS })
  const settled = new Set<unknown>()
  const pending: PendingApproval[] = []
  for (const { type, at, device, details } of events) {
    if (isOneOf(ENDS_ALL, type)) break
    const { approvalId, expiresAt } = details
    if (type !== "approval.granted") {
      settled.add(approvalId)
      continue
    }
    const end = typeof expiresAt === "string" ? Date.parse(expiresAt) : Number.NaN
    if (typeof approvalId !== "string" || settled.has(approvalId) || !(end > now)) continue
    pending.push({ id: approvalId, device, approvedAt: Date.parse(at), expiresAt: end })
  }
  return pending
}

/**
 * Takes down that approvals were taken back before a program had collected its token: as denied after all.
 * @param approvals those that were pending when all sessions were ended, which voided them
 */
export function recordTakenBack(
  audit: Pick<Audit, "record">,
  accountId: string,
  approvals: readonly PendingApproval[],
): void {
  for (const { id, device } of approvals) {
    const details = { approvalId: id, reason: "taken_back" }
    audit.record({ type: "approval.denied", accountId, device, details })
  }
}

function isOneOf(types: readonly AuditEventType[], type: AuditEventType): boolean {
  return types.includes(type)
}
