import { WIRE_ERRORS } from "@authchemy/protocol"
import { RequestRefused } from "../middleware/request-refused.ts"

const CREDENTIALS = new Set([
  "access_token",
  "authToken",
  "client_assertion",
  "client_secret",
  "code",
  "code_verifier",
  "device_code",
  "refresh_token",
  "revocation_handle",
  "token",
])

/** Queries end up in logs and histories: a credential there is refused, not used (RFC 9700 §4.3.2). @throws RequestRefused 400 */
export function refuseCredentialsInQuery(url: string): void {
  if (!url.includes("?")) return
  const found = [...new URL(url).searchParams.keys()].find((name) => CREDENTIALS.has(name))
  if (found === undefined) return
  const sentence = `${found} must not be in the query; send it as the endpoint says.`
  throw new RequestRefused(400, WIRE_ERRORS.invalidRequest, sentence)
}
