import { createHmac } from "node:crypto"

/**
 * The headers that a delivery is signed with, as Standard Webhooks 1.0 has them (standardwebhooks.com): HMAC-SHA256 over id, time and body, with dots between.
 * @param options.at milliseconds since the epoch; receivers get whole seconds
 */
export function signatureHeaders(options: {
  id: string
  at: number
  body: string
  secret: Uint8Array
}): Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string> {
  const { id, at, body, secret } = options
  const timestamp = String(Math.floor(at / 1000))
  const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64")
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` }
}
