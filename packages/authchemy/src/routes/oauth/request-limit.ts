import { WIRE_ERRORS } from "@authchemy/protocol"
import type { Context } from "hono"
import type { Client } from "../../clients/client.ts"
import type { DeviceRequestLimits } from "../../limits/device-request-limits.ts"
import type { ClientAddress } from "../../middleware/client-address.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"

export type RequestLimitDeps = { clientAddress: ClientAddress; requestLimits: DeviceRequestLimits }

/**
 * Counts a request that makes the server keep something, by its address. A client that has shown its secret is known, and may speak from one
 * address for all of its people: it is not counted.
 * @throws RequestRefused 429
 */
export async function admitRequest(
  c: Context<AppEnv>,
  { clientAddress, requestLimits }: RequestLimitDeps,
  client: Client,
): Promise<void> {
  if (client.secretDigest === null) await admitAddress(c, { clientAddress, requestLimits })
}

/** Counts a request that makes the server keep something, by its address. @throws RequestRefused 429 */
export async function admitAddress(
  c: Context<AppEnv>,
  { clientAddress, requestLimits }: RequestLimitDeps,
): Promise<void> {
  const admission = await requestLimits.admitRequest(clientAddress(c))
  if (admission.admitted) return
  const headers = { "Retry-After": String(admission.retryAfterSeconds) }
  const sentence = "Too many requests came from this address. Try again later."
  throw new RequestRefused(429, WIRE_ERRORS.rateLimited, sentence, headers)
}
