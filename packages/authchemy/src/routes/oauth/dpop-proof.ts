import { WIRE_ERRORS } from "@authchemy/protocol"
import type { Context } from "hono"
import type { Client } from "../../clients/client.ts"
import { DpopError } from "../../dpop/dpop-error.ts"
import type { DpopVerifier } from "../../dpop/proof.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"

export type DpopDeps = { dpop: DpopVerifier }

/**
 * The thumbprint of the key that a request to an OAuth endpoint proves to hold (RFC 9449 §5); `null` where it brings no proof. The answer carries a nonce
 * for the next one.
 * @param client one that must bring a proof, where it must
 * @throws RequestRefused 400 `invalid_dpop_proof` or `use_dpop_nonce`
 */
export async function proveKey(
  c: Context<AppEnv>,
  { dpop }: DpopDeps,
  client?: Client,
): Promise<string | null> {
  const proof = c.req.header("dpop") ?? null
  if (proof === null) {
    if (!client?.requireDpop) return null
    throw new RequestRefused(400, WIRE_ERRORS.invalidDpopProof, "This client must send a DPoP proof.")
  }
  c.header("DPoP-Nonce", dpop.nonce())
  try {
    const { method, path } = c.req
    return (await dpop.verify({ proof, method, path })).thumbprint
  } catch (error) {
    if (!(error instanceof DpopError)) throw error
    throw new RequestRefused(400, error.code, error.message)
  }
}
