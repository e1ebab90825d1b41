import type { Audit } from "../../audit/events.ts"
import type { PendingApproval } from "../../pages/account/sessions.ts"

/** Longer than any approval can be collected, in milliseconds. */
const LOOK_BACK_MS = 15 * 60_000

const TYPES = ["approval.granted", "approval.denied", "approvals.voided", "token.issued"] as const
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
    // All that were there before it.
    if (type === "approvals.voided") break
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
 * How many approvals of an account were taken back before a program had collected its token.
 * @param since milliseconds since the epoch
 */
export async function countTakenBack(
  audit: Pick<Audit, "list">,
  accountId: string,
  since: number,
): Promise<number> {
  const from = new Date(since).toISOString()
  const { events } = await audit.list({
    accountId,
    types: ["approvals.voided"],
    since: from,
    limit: MOST_EVENTS,
  })
  return events.reduce((sum, { details }) => sum + Number(details.count ?? 0), 0)
}
