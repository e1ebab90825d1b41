import type { AccountLimits } from "../account-limits.ts"
import { CallRefused } from "../better-auth.ts"
import type { Refusal } from "../built-in.ts"
import { CHANGED_MEANWHILE, DISABLED, refusal, tooManyAttempts } from "../refusals.ts"
import type { AccountTokens } from "../shared-parts.ts"

/** A code is good for its own 30 seconds and those before and after; then nobody can use it again. */
const CODE_LIFE_MS = 120_000

const WRONG_CODE = "The code is wrong."
/** What an attempt is refused with whose account's sessions were ended meanwhile. */
export const ENDED_MEANWHILE = "ENDED_MEANWHILE"
/** What a code is refused with, by Better Auth above all. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  INVALID_CODE: refusal("code", WRONG_CODE),
  INVALID_BACKUP_CODE: refusal("code", WRONG_CODE),
  CONFLICT: refusal("code", "This code could not be checked. Enter it once more."),
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: refusal("form", "Too many wrong codes. Sign in again."),
  ACCOUNT_DISABLED: refusal("form", DISABLED),
  [ENDED_MEANWHILE]: refusal("form", CHANGED_MEANWHILE),
}
const OVER = refusal("form", "This sign-in has taken too long. Sign in again.")

export type CodeTried = { ok: true; setCookies: string[] } | Refusal

/** Tries codes of second factors. */
export type CodeAttempts = {
  /**
   * A code of an authenticator, which is accepted once (RFC 6238 §5.2), whichever server and sign-in it is brought to.
   * @param code tidied (`tidyCode`)
   * @throws StoreUnavailableError
   */
  tryCode(
    accountId: string,
    code: string,
    attempt: () => Promise<{ setCookies: string[] }>,
  ): Promise<CodeTried>
  /** A recovery code; Better Auth uses it up. @throws StoreUnavailableError */
  tryRecoveryCode(accountId: string, attempt: () => Promise<{ setCookies: string[] }>): Promise<CodeTried>
}

/** A code as an authenticator shows it, without the blanks that people and programs put into it. */
export function tidyCode(typed: string): string {
  return typed.replace(/[\s-]/g, "")
}

export function isCode(tidied: string): boolean {
  return /^\d{6}$/.test(tidied)
}

/** @param options.now milliseconds since the epoch; the clock of `tokens` */
export function createCodeAttempts(options: {
  limits: AccountLimits
  tokens: Pick<AccountTokens, "keep" | "take">
  now: () => number
}): CodeAttempts {
  const { limits, tokens, now } = options

  const counted = async (accountId: string, attempt: () => Promise<CodeTried>): Promise<CodeTried> => {
    const admission = await limits.admitCode(accountId)
    if (!admission.admitted) return tooManyAttempts(admission.retryAfterSeconds)
    try {
      const tried = await attempt()
      if (tried.ok) await admission.giveBack()
      return tried
    } catch (fault) {
      await admission.giveBack()
      throw fault
    }
  }

  return {
    tryCode: async (accountId, code, attempt) => {
      if (!isCode(code)) return refusal("code", "A code has six digits.")
      return counted(accountId, async () => {
        const name = `used second-factor code ${accountId} ${code}`
        const first = await tokens.keep(name, "used", now() + CODE_LIFE_MS)
        if (!first) return refusal("code", "This code has been used. Wait for the next one.")
        const tried = await refusable(attempt)
        if (!tried.ok) await tokens.take(name)
        return tried
      })
    },

    tryRecoveryCode: (accountId, attempt) => counted(accountId, () => refusable(attempt)),
  }
}

async function refusable(attempt: () => Promise<{ setCookies: string[] }>): Promise<CodeTried> {
  try {
    return { ok: true, setCookies: (await attempt()).setCookies }
  } catch (error) {
    if (!(error instanceof CallRefused)) throw error
    return REFUSALS[error.code] ?? OVER
  }
}
