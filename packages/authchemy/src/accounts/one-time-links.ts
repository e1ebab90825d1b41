import type { TokenService } from "@authchemy/tokens"
import * as v from "valibot"

/** What each kind of link leads to. A link of one kind is nothing to another. */
const CONTENTS = {
  /** The account whose email is proved, and the email as it was when the link was sent. */
  "verify-email": v.object({ accountId: v.string(), email: v.string() }),
  /** The account that gets a new password, the email that the link was sent to, and a digest of what the password was: another one since, and the link is void. */
  "reset-password": v.object({
    accountId: v.string(),
    email: v.string(),
    passwordDigest: v.string(),
  }),
} as const

export type LinkPurpose = keyof typeof CONTENTS
export type LinkContent<Purpose extends LinkPurpose> = v.InferOutput<(typeof CONTENTS)[Purpose]>

/** Tokens for links that are sent by mail: good once, for a while, for one purpose. */
export type OneTimeLinks = {
  /**
   * Makes a token: 256 random bits in base64url, 43 characters. The store keeps its digest and the content, so a dump of it opens no link.
   * @param lifetimeMs how long the link can be used, in milliseconds
   * @throws StoreUnavailableError
   */
  issue<Purpose extends LinkPurpose>(
    purpose: Purpose,
    content: LinkContent<Purpose>,
    lifetimeMs: number,
  ): Promise<string>
  /**
   * What a link leads to, to show the form behind it. Uses nothing up, and so proves nothing: what is done is done by `redeem`.
   * @returns `null` where the token is none, is used up, has expired, or is for another purpose
   * @throws StoreUnavailableError
   */
  read<Purpose extends LinkPurpose>(purpose: Purpose, token: string): Promise<LinkContent<Purpose> | null>
  /** As `read`, and uses the link up: of any number of calls, exactly one gets the content. */
  redeem<Purpose extends LinkPurpose>(purpose: Purpose, token: string): Promise<LinkContent<Purpose> | null>
}

/**
 * @param options.tokens where links are kept
 * @param options.randomBytes cryptographically secure
 * @param options.now milliseconds since the epoch; the clock of `tokens`
 */
export function createOneTimeLinks(options: {
  tokens: Pick<TokenService, "keep" | "recall" | "take">
  randomBytes: (size: number) => Uint8Array
  now: () => number
}): OneTimeLinks {
  const { tokens, randomBytes, now } = options

  return {
    issue: async (purpose, content, lifetimeMs) => {
      const token = Buffer.from(randomBytes(TOKEN_BYTES)).toString("base64url")
      const kept = await tokens.keep(nameOf(purpose, token), JSON.stringify(content), now() + lifetimeMs)
      if (!kept) throw new Error("a one-time link was drawn twice: randomBytes is not random")
      return token
    },

    read: async (purpose, token) =>
      isToken(token) ? contentOf(purpose, await tokens.recall(nameOf(purpose, token))) : null,

    redeem: async (purpose, token) =>
      isToken(token) ? contentOf(purpose, await tokens.take(nameOf(purpose, token))) : null,
  }
}

const TOKEN_BYTES = 32

function isToken(text: string): boolean {
  return /^[\w-]{43}$/.test(text)
}

/** The store keeps the digest of this name only. Other things that it keeps by name begin otherwise. */
function nameOf(purpose: LinkPurpose, token: string): string {
  return `one-time link ${purpose} ${token}`
}

/** What was kept by a version of this server that had other contents counts as used up. */
function contentOf<Purpose extends LinkPurpose>(
  purpose: Purpose,
  text: string | null,
): LinkContent<Purpose> | null {
  if (text === null) return null
  const result = v.safeParse<(typeof CONTENTS)[Purpose]>(CONTENTS[purpose], JSON.parse(text))
  return result.success ? result.output : null
}
