import { DeviceClaims, SCOPES } from "@authchemy/protocol"
import * as v from "valibot"
import { createSeal, type Seal } from "./seal.ts"

/** How long an approval page can be answered, in milliseconds. */
export const APPROVAL_LIFETIME_MS = 10 * 60 * 1000

const Scopes = v.pipe(v.array(v.picklist(SCOPES)), v.readonly())

/** A code that a client asks for, every part of it checked. */
export const ApprovalRequest = v.object({
  clientId: v.string(),
  scopes: Scopes,
  redirectUri: v.string(),
  codeChallenge: v.nullable(v.string()),
  /** The bytes of `state` as base64url; `null` where none was sent. */
  state: v.nullable(v.string()),
  device: DeviceClaims,
  /** The key that the tokens must be bound to (RFC 9449 §10). */
  keyThumbprint: v.nullable(v.string()),
  /** The `request_uri` under which it was pushed (RFC 9126), which works once. */
  pushedAs: v.nullable(v.string()),
  /** When it was pushed, in milliseconds since the epoch, and from which address. */
  pushedFrom: v.optional(v.nullable(v.object({ at: v.number(), address: v.string() })), null),
})
export type ApprovalRequest = v.InferOutput<typeof ApprovalRequest>

/** Seals what was checked when the approval page was shown, so that its form can carry it. */
export type RequestSeal = Seal<ApprovalRequest>

/**
 * @param secret the server's secret
 * @param now milliseconds since the epoch
 */
export function createRequestSeal(secret: string, now: () => number): RequestSeal {
  return createSeal({
    secret,
    purpose: "authchemy approval request",
    schema: ApprovalRequest,
    lifetimeMs: APPROVAL_LIFETIME_MS,
    now,
  })
}
