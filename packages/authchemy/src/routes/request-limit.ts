import { WIRE_ERRORS } from "@authchemy/protocol"
import type { Context } from "hono"
import type { KeptRequestLimits } from "../limits/kept-request-limits.ts"
import type { ClientAddress } from "../middleware/client-address.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { tryAgainIn } from "../times-in-words.ts"

export type RequestLimitDeps = { clientAddress: ClientAddress; requestLimits: KeptRequestLimits }

/** Counts a request that makes the server keep something, by its address. @throws RequestRefused 429 that says when to try again */
export async function admitAddress(
  c: Context<AppEnv>,
  { clientAddress, requestLimits }: RequestLimitDeps,
): Promise<void> {
  const admission = await requestLimits.admitRequest(clientAddress(c))
  if (admission.admitted) return
  const { retryAfterSeconds } = admission
  const sentence = `Too many requests came from this address. ${tryAgainIn(retryAfterSeconds)}`
  const headers = { "Retry-After": String(retryAfterSeconds) }
  throw new RequestRefused(429, WIRE_ERRORS.rateLimited, sentence, headers)
}
