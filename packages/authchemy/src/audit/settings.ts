import { isLoopbackHost } from "@authchemy/protocol"

// Parsers of what the server is configured with. Each throws an Error with the end of a sentence whose beginning is the variable's name.

const LONGEST_DAYS = 3650
/** Standard Webhooks asks for 24 to 64 bytes. */
const SHORTEST_SECRET = 24
const LONGEST_SECRET = 64

/** `AUTHCHEMY_AUDIT_DAYS`: how long an event is kept. */
export function parseAuditDays(text: string): number {
  const days = Number(text)
  if (/^\d{1,4}$/.test(text) && days >= 1 && days <= LONGEST_DAYS) return days
  throw new Error(`must be a whole number of days from 1 to ${LONGEST_DAYS}, got ${JSON.stringify(text)}`)
}

/** `AUTHCHEMY_WEBHOOK_URL`. What it says is not repeated: its path may be a secret. */
export function parseWebhookUrl(text: string): string {
  const rule = "must be an https address, for example https://example.com/authchemy"
  if (!URL.canParse(text)) throw new Error(rule)
  const url = new URL(text)
  const allowed = url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname))
  if (!allowed) throw new Error(`${rule} (http only for localhost)`)
  if (url.username !== "" || url.password !== "") {
    throw new Error(`${rule}, without a name or password in it: what is sent is signed`)
  }
  if (url.hash !== "" || text.includes("#")) throw new Error(`${rule}, without a fragment (#)`)
  return url.href
}

/**
 * `AUTHCHEMY_WEBHOOK_SECRET`: `whsec_` and base64.
 * @returns its bytes
 */
export function parseWebhookSecret(text: string): Uint8Array {
  const rule = `must be whsec_ and ${SHORTEST_SECRET} to ${LONGEST_SECRET} bytes in base64; make one with: echo "whsec_$(openssl rand -base64 32)"`
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1]
  if (base64 === undefined) throw new Error(rule)
  const secret = Buffer.from(base64, "base64")
  const canonical = secret.toString("base64").replace(/=+$/, "") === base64.replace(/=+$/, "")
  if (!canonical || secret.length < SHORTEST_SECRET || secret.length > LONGEST_SECRET) throw new Error(rule)
  return new Uint8Array(secret)
}
