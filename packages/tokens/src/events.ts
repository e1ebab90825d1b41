import type { DeviceClaims, Scope } from "@authchemy/protocol"
import type { Session } from "./token-service.ts"

/** A session that has ended, as far as a record of it needs to say. */
export type EndedSession = Pick<Session, "id" | "accountId" | "clientId" | "device">

/**
 * Why sessions ended. `revoked`: somebody asked for it. `code_replayed`: their authorization code was presented once more (RFC 6749 §4.1.2). `refresh_reused`: a refresh token
 * that had been used was presented once more (RFC 9700 §4.14.2). `client_removed`: all of their client's were ended.
 */
export type EndReason = "revoked" | "code_replayed" | "refresh_reused" | "client_removed"

/**
 * What happened in the engine, without anything secret. It is told once it stands in the store. Where the store's answer is lost, the caller gets `StoreUnavailableError`, and nothing is
 * told of what may have happened.
 */
export type TokenEvent =
  | {
      /** A person approved a client: there is a code for it, or its device may fetch a token. */
      type: "approved"
      accountId: string
      /** The first 16 characters of the approval's digest: leads to the session that it is redeemed for, and tells nothing of the code. */
      approvalId: string
      clientId: string
      device: DeviceClaims
      scopes: readonly Scope[]
      /** Until when it can be redeemed, in milliseconds since the epoch. */
      expiresAt: number
    }
  | { type: "denied"; accountId: string; clientId: string; device: DeviceClaims }
  | {
      /** A session has begun. `approvalId` is that of the approval which it comes from, or `null` where it was made without one. */
      type: "issued"
      session: Session
      approvalId: string | null
      refreshable: boolean
    }
  | { type: "refreshed"; session: Session }
  | {
      /** Live sessions have ended in the store. Whether they are forgotten everywhere yet is another matter: the call that ended them may still reject. */
      type: "ended"
      sessions: readonly EndedSession[]
      reason: EndReason
    }
  | {
      /** All sessions of an account were ended, and with them approvals that were still waiting for their program. */
      type: "approvals_voided"
      accountId: string
      /** How many, at least one. */
      count: number
    }

/** Takes what happened. It does not throw. */
export type Observing = { observe: (event: TokenEvent) => void }

/** The name of an approval in events. @param digest of its code, base64url */
export function approvalIdOf(digest: string): string {
  return digest.slice(0, 16)
}

/**
 * A listener that cannot break the call that it is told of.
 * @param listener called at once, in the async context of that call
 * @param onError told what the listener threw, or what its promise was rejected with
 */
export function unbreakable(
  listener: (event: TokenEvent) => void,
  onError?: (error: Error) => void,
): Observing["observe"] {
  const report = (thrown: unknown) =>
    onError?.(thrown instanceof Error ? thrown : new Error("a listener failed", { cause: thrown }))
  return (event) => {
    try {
      const returned: unknown = listener(event)
      if (returned instanceof Promise) returned.catch(report)
    } catch (thrown) {
      report(thrown)
    }
  }
}
