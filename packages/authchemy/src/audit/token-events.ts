import type { TokenEvent } from "@authchemy/tokens"
import type { Audit } from "./events.ts"

/** Takes down what happens in the token engine, with the origin of the call that caused it. Given to `createTokenService` as `observe`. */
export function recordTokenEvents(audit: Pick<Audit, "record">): (event: TokenEvent) => void {
  return (event) => {
    switch (event.type) {
      case "approved": {
        const { accountId, clientId, device, approvalId } = event
        const details = { approvalId, expiresAt: new Date(event.expiresAt).toISOString() }
        return audit.record({ type: "approval.granted", accountId, clientId, device, details })
      }
      case "denied": {
        const { accountId, clientId, device } = event
        return audit.record({ type: "approval.denied", accountId, clientId, device })
      }
      case "issued": {
        const { session, approvalId, refreshable } = event
        const details = { ...(approvalId === null ? {} : { approvalId }), refreshable }
        return audit.record({ type: "token.issued", ...sessionOf(session), details })
      }
      case "refreshed":
        return audit.record({ type: "token.refreshed", ...sessionOf(event.session) })
      case "ended":
        for (const session of event.sessions) {
          const details = { reason: event.reason }
          audit.record({ type: "token.revoked", ...sessionOf(session), details })
        }
        return
      case "approvals_voided": {
        const { accountId, count } = event
        return audit.record({ type: "approvals.voided", accountId, details: { count } })
      }
    }
  }
}

type EndedSession = Extract<TokenEvent, { type: "ended" }>["sessions"][number]

function sessionOf({ id, accountId, clientId, device }: EndedSession) {
  return { sessionId: id, accountId, clientId, device }
}
