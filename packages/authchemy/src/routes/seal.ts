import { createHash, createHmac, hkdfSync, timingSafeEqual } from "node:crypto"
import * as v from "valibot"
import type { BrowserSession } from "../accounts/accounts.ts"

const Binding = v.object({ accountId: v.string(), browser: v.string(), issuedAt: v.number() })

/** Seals what a page's form carries, so that the server keeps nothing and believes no form but its own. */
export type Seal<Content extends object> = {
  /** The sealed text, for this browser session only. */
  seal(content: Content, browser: BrowserSession): string
  /**
   * What was sealed; `null` where the text was not sealed by this server for this purpose, is older than its lifetime, or
   * belongs to another account or browser session.
   */
  open(text: string, browser: BrowserSession): Content | null
}

/**
 * @param options.secret the server's secret; the key is derived from it for this purpose alone (HKDF, RFC 5869) and
 *   authenticates with HMAC-SHA-256
 * @param options.purpose what the seal is for; no other seal of this server has the same
 * @param options.schema what is sealed, as JSON
 * @param options.lifetimeMs how long the seal can be opened, in milliseconds
 * @param options.now milliseconds since the epoch
 */
export function createSeal<Content extends object>(options: {
  secret: string
  purpose: string
  schema: v.GenericSchema<unknown, Content>
  lifetimeMs: number
  now: () => number
}): Seal<Content> {
  const { schema, lifetimeMs, now } = options
  const key = Buffer.from(hkdfSync("sha256", options.secret, "", options.purpose, 32))
  const macOf = (payload: string) => createHmac("sha256", key).update(payload).digest()

  return {
    seal(content, browser) {
      const binding: v.InferInput<typeof Binding> = {
        accountId: browser.account.id,
        browser: browserDigest(browser),
        issuedAt: now(),
      }
      const payload = Buffer.from(JSON.stringify({ ...content, ...binding })).toString("base64url")
      return `${payload}.${macOf(payload).toString("base64url")}`
    },

    open(text, browser) {
      const [payload = "", mac = "", ...rest] = text.split(".")
      const given = Buffer.from(mac, "base64url")
      const expected = macOf(payload)
      if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected))
        return null
      const sealed: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"))
      const { accountId, browser: boundTo, issuedAt } = v.parse(Binding, sealed)
      const age = now() - issuedAt
      if (age < 0 || age > lifetimeMs) return null
      if (accountId !== browser.account.id || boundTo !== browserDigest(browser)) return null
      return v.parse(schema, sealed)
    },
  }
}

/** The page's markup holds no session id, only this. */
function browserDigest(browser: BrowserSession): string {
  return createHash("sha256").update(`authchemy browser session\n${browser.sessionId}`).digest("base64url")
}
