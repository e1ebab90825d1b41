import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  randomBytes as secureRandomBytes,
} from "node:crypto"
import { parse, serialize } from "hono/utils/cookie"
import * as v from "valibot"
import type { AccountTokens } from "./shared-parts.ts"

/** Attempts that a browser begins here and comes back to: good once, for a while, in that browser only. */
export type BoundCookies<Content extends object> = {
  /**
   * Begins an attempt. The cookie holds 256 random bits; what the attempt is about is kept in the token store, encrypted under a key that takes both the
   * cookie and the server's secret, so neither a dump of the store nor a stolen cookie tells it.
   * @param part several attempts with different parts may be under way in one browser; letters, digits, `-` and `_`
   * @returns the `Set-Cookie` value
   * @throws StoreUnavailableError
   */
  begin(content: Content, part?: string): Promise<string>
  /**
   * Takes the attempt of a request, which is over then: of any number of calls exactly one gets it.
   * @returns what it is about, and the `Set-Cookie` value that takes the cookie away; `null` where there is none, or it is used or too old
   * @throws StoreUnavailableError
   */
  take(request: Request, part?: string): Promise<{ content: Content; clearCookie: string } | null>
}

const COOKIE_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * @param options.purpose what the attempts are for, and the cookie's name; no other cookie of this server has the same
 * @param options.issuer this server's origin; on https the cookie is `Secure` and `__Host-`, so no neighbouring domain can plant one (RFC 6265bis §4.1.3)
 * @param options.schema of what is kept, as JSON
 * @param options.lifetimeMs how long an attempt can be completed, in milliseconds
 * @param options.now milliseconds since the epoch; the clock of `tokens`
 * @param options.randomBytes cryptographically secure; Node's where left out
 */
export function createBoundCookies<Content extends object>(options: {
  tokens: Pick<AccountTokens, "keep" | "take">
  issuer: string
  secret: string
  purpose: string
  schema: v.GenericSchema<unknown, Content>
  lifetimeMs: number
  now: () => number
  randomBytes?: (size: number) => Uint8Array
}): BoundCookies<Content> {
  const { tokens, secret, purpose, schema, lifetimeMs, now, randomBytes = secureRandomBytes } = options
  const secure = options.issuer.startsWith("https:")

  const nameOf = (part: string) =>
    `${secure ? "__Host-" : ""}authchemy.${purpose}${part === "" ? "" : `.${shortDigestOf(part)}`}`
  const cookieOf = (part: string, value: string, maxAge: number) =>
    serialize(nameOf(part), value, { path: "/", httpOnly: true, sameSite: "Lax", secure, maxAge })
  const keyOf = (value: string) =>
    Buffer.from(hkdfSync("sha256", secret, value, `authchemy attempt ${purpose}`, 32))
  const keptAs = (value: string, part: string) => `attempt ${purpose} ${value} ${part}`

  return {
    async begin(content, part = "") {
      const value = Buffer.from(randomBytes(COOKIE_BYTES)).toString("base64url")
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv("aes-256-gcm", keyOf(value), nonce)
      const encrypted = Buffer.concat([
        nonce,
        cipher.update(JSON.stringify(content), "utf8"),
        cipher.final(),
        cipher.getAuthTag(),
      ]).toString("base64url")
      const kept = await tokens.keep(keptAs(value, part), encrypted, now() + lifetimeMs)
      if (!kept) throw new Error("an attempt was drawn twice: randomBytes is not random")
      return cookieOf(part, value, Math.floor(lifetimeMs / 1000))
    },

    async take(request, part = "") {
      const name = nameOf(part)
      const value = parse(request.headers.get("cookie") ?? "", name)[name]
      if (value === undefined || !/^[\w-]{43}$/.test(value)) return null
      const text = await tokens.take(keptAs(value, part))
      if (text === null) return null
      const content = decrypt(Buffer.from(text, "base64url"), keyOf(value), schema)
      return content === null ? null : { content, clearCookie: cookieOf(part, "", 0) }
    },
  }
}

/** What was kept by a server with another secret or by a version with other contents counts as used. */
function decrypt<Content>(
  bytes: Buffer,
  key: Buffer,
  schema: v.GenericSchema<unknown, Content>,
): Content | null {
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
    const result = v.safeParse(schema, JSON.parse(text.toString("utf8")))
    return result.success ? result.output : null
  } catch {
    return null
  }
}

/** Tells attempts apart in a cookie's name, where the whole would be long. */
function shortDigestOf(part: string): string {
  return createHash("sha256").update(part).digest("base64url").slice(0, 16)
}
