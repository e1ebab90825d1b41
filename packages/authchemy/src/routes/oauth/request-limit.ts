import type { Context } from "hono"
import type { Client } from "../../clients/client.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { admitAddress, type RequestLimitDeps } from "../request-limit.ts"

/**
 * Counts a request that makes the server keep something, by its address. A client that has shown its secret is known, and may speak from one
 * address for all of its people: it is not counted.
 * @throws RequestRefused 429
 */
export async function admitRequest(
  c: Context<AppEnv>,
  deps: RequestLimitDeps,
  client: Client,
): Promise<void> {
  if (client.secretDigest === null) await admitAddress(c, deps)
}
