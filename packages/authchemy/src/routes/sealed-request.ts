import { createHash, createHmac, hkdfSync, timingSafeEqual } from "node:crypto"
import { DeviceClaims } from "@authchemy/protocol"
import * as v from "valibot"
import type { BrowserSession } from "../accounts/accounts.ts"
import type { LoginRequest } from "./login-request.ts"

/** How long an approval page can be answered, in milliseconds. */
export const APPROVAL_LIFETIME_MS = 10 * 60 * 1000

const Sealed = v.object({
  redirectUri: v.string(),
  codeChallenge: v.nullable(v.string()),
  state: v.nullable(v.string()),
  device: DeviceClaims,
  accountId: v.string(),
  browser: v.string(),
  issuedAt: v.number(),
})

/** Seals what was checked when the approval page was shown, so that its form can carry it and the server keeps nothing. */
export type RequestSeal = {
  /** The sealed text, for this browser session only. */
  seal(request: LoginRequest, browser: BrowserSession): string
  /**
   * What was sealed; `null` where the text was not sealed by this server, is older than ten minutes, or belongs to another
   * account or browser session.
   */
  open(text: string, browser: BrowserSession): LoginRequest | null
}

/**
 * @param secret the server's secret; the key is derived from it for this purpose alone (HKDF, RFC 5869) and authenticates
 *   with HMAC-SHA-256
 * @param now milliseconds since the epoch
 */
export function createRequestSeal(secret: string, now: () => number): RequestSeal {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "authchemy approval request", 32))
  const macOf = (payload: string) => createHmac("sha256", key).update(payload).digest()

  return {
    seal(request, browser) {
      const sealed: v.InferInput<typeof Sealed> = {
        ...request,
        accountId: browser.account.id,
        browser: browserDigest(browser),
        issuedAt: now(),
      }
      const payload = Buffer.from(JSON.stringify(sealed)).toString("base64url")
      return `${payload}.${macOf(payload).toString("base64url")}`
    },

    open(text, browser) {
      const [payload = "", mac = "", ...rest] = text.split(".")
      const given = Buffer.from(mac, "base64url")
      const expected = macOf(payload)
      if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected))
        return null
      const sealed = v.parse(Sealed, JSON.parse(Buffer.from(payload, "base64url").toString("utf8")))
      const age = now() - sealed.issuedAt
      if (age < 0 || age > APPROVAL_LIFETIME_MS) return null
      if (sealed.accountId !== browser.account.id || sealed.browser !== browserDigest(browser)) return null
      const { redirectUri, codeChallenge, state, device } = sealed
      return { redirectUri, codeChallenge, state, device }
    },
  }
}

/** The page's markup holds no session id, only this. */
function browserDigest(browser: BrowserSession): string {
  return createHash("sha256").update(`authchemy browser session\n${browser.sessionId}`).digest("base64url")
}
