import { createHash } from "node:crypto"
import { isLoopbackHost } from "@authchemy/protocol"
import type { Logger } from "pino"

/** Whether a password stands in public lists of passwords that were stolen elsewhere. */
export type BreachedPasswords = {
  /**
   * Asks about a password by the first five hexadecimal digits of its SHA-1 digest; nothing else of it leaves this machine.
   * @returns `true` where it is known to be in such a list. `false` where it is not, and where nobody can tell. Never rejects.
   */
  isBreached(password: string): Promise<boolean>
}

/** What the prefix of a digest is appended to by default. */
export const BREACHED_PASSWORDS_URL = "https://api.pwnedpasswords.com/range/"

const DEFAULT_TIMEOUT_MS = 1_500
/** How long nobody is asked after a failure, in milliseconds: without a network, a sign-up must not wait each time. */
const PAUSE_MS = 60_000
/** An answer is some 40 kB. */
const MAX_ANSWER_BYTES = 1024 * 1024
const PREFIX_LENGTH = 5

/**
 * Reads the address of a service that answers range queries, or `off`.
 * @returns the address, with a slash at its end, or `null` for `off`
 * @throws Error with the end of a sentence that says what is accepted
 */
export function parseBreachedPasswordsUrl(text: string): string | null {
  if (/^(off|false|0)$/i.test(text)) return null
  const url = URL.canParse(text) ? new URL(text) : null
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopbackHost(url.hostname))
  if (url === null || !secure || /[?#@]/.test(text)) {
    throw new Error(`must be off, or an https address, for example ${BREACHED_PASSWORDS_URL}`)
  }
  return url.href.endsWith("/") ? url.href : `${url.href}/`
}

/**
 * Asks a service by the range protocol of Pwned Passwords: of some 800 digests with the same beginning, the server learns only the beginning, and
 * with padding not even their number. Redirects are not followed and nothing is asked twice.
 * @param options.url what the prefix is appended to; `null`: nobody is asked
 * @param options.timeoutMs how long a sign-up waits at most, in milliseconds
 * @param options.now milliseconds since the epoch
 */
export function createBreachedPasswords(options: {
  url: string | null
  fetch: typeof globalThis.fetch
  logger: Pick<Logger, "warn">
  now: () => number
  timeoutMs?: number
}): BreachedPasswords {
  const { url, fetch, logger, now, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  let quietUntil = Number.NEGATIVE_INFINITY

  return {
    isBreached: async (password) => {
      if (url === null || now() < quietUntil) return false
      const digest = createHash("sha1").update(password, "utf8").digest("hex").toUpperCase()
      try {
        const response = await fetch(url + digest.slice(0, PREFIX_LENGTH), {
          redirect: "manual",
          signal: AbortSignal.timeout(timeoutMs),
          headers: { "Add-Padding": "true", "User-Agent": "authchemy" },
        })
        return isListed(await readAnswer(response), digest.slice(PREFIX_LENGTH))
      } catch (error) {
        quietUntil = now() + PAUSE_MS
        logger.warn({ err: error }, "breached passwords cannot be looked up; new passwords go unchecked")
        return false
      }
    },
  }
}

/** @throws where the answer is none, or longer than the limit; nothing beyond that is read */
async function readAnswer(response: Response): Promise<string> {
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`the service answered ${response.status}`)
  }
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.byteLength
    if (size > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString("latin1")
}

/** Padding is listed with a count of zero. @throws where a line is not a suffix and its count */
function isListed(answer: string, suffix: string): boolean {
  let listed = false
  for (const line of answer.split(/\r?\n/)) {
    if (line === "") continue
    const [, found = "", count] = /^([0-9A-F]{35}):(\d{1,15})$/i.exec(line) ?? []
    if (count === undefined) throw new Error("the answer is no list of digests")
    if (found.toUpperCase() === suffix && Number(count) > 0) listed = true
  }
  return listed
}
