import { DeviceClaims } from "@authchemy/protocol"
import * as v from "valibot"
import type { LoginRequest } from "./login-request.ts"
import { createSeal, type Seal } from "./seal.ts"

/** How long an approval page can be answered, in milliseconds. */
export const APPROVAL_LIFETIME_MS = 10 * 60 * 1000

/** Seals what was checked when the approval page was shown, so that its form can carry it. */
export type RequestSeal = Seal<LoginRequest>

/**
 * @param secret the server's secret
 * @param now milliseconds since the epoch
 */
export function createRequestSeal(secret: string, now: () => number): RequestSeal {
  return createSeal({
    secret,
    purpose: "authchemy approval request",
    schema: v.object({
      redirectUri: v.string(),
      codeChallenge: v.nullable(v.string()),
      state: v.nullable(v.string()),
      device: DeviceClaims,
    }),
    lifetimeMs: APPROVAL_LIFETIME_MS,
    now,
  })
}
