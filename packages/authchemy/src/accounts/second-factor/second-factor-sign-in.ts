import type { Audit } from "../../audit/events.ts"
import type { AccountLimits } from "../account-limits.ts"
import { type BetterAuth, CallRefused } from "../better-auth.ts"
import type { OwnBrowserSessions } from "../browser-sessions.ts"
import type { SecondFactor, Visit } from "../built-in.ts"
import { refusal } from "../refusals.ts"
import type { AccountChanges } from "../shared-parts.ts"
import type { StoredAccounts } from "../stored-accounts.ts"
import { type CodeAttempts, ENDED_MEANWHILE, isCode, tidyCode } from "./code-attempts.ts"
import { tidyRecoveryCode } from "./recovery-codes.ts"
import type { SecondFactors } from "./second-factors.ts"

/** The second step of a sign-in by password: a code, or a recovery code. A sign-in by passkey or by a provider does not come here. */
export function createSecondFactorSignIn(options: {
  auth: BetterAuth
  stored: StoredAccounts
  sessions: OwnBrowserSessions
  changes: AccountChanges
  limits: AccountLimits
  factors: SecondFactors
  attempts: CodeAttempts
  audit: Audit
}): Pick<SecondFactor, "isAwaited" | "answer"> {
  const { auth, stored, sessions, changes, limits, factors, attempts, audit } = options

  /** Better Auth takes the sign-in that waits, and then opens a session: one that what ends all of them may not have seen in between (S48). */
  const watched = async (accountId: string, attempt: () => ReturnType<BetterAuth["answerWithCode"]>) => {
    const undisturbed = await sessions.watchEndings(accountId)
    const opened = await attempt().catch(async (error: unknown) => {
      await undisturbed()
      throw error
    })
    if (await undisturbed()) return opened
    await sessions.endByToken(opened.answer.token)
    throw new CallRefused(ENDED_MEANWHILE)
  }

  /** Whoever types codes at all has the password. */
  const tellOfWrongCodes = async (accountId: string, visit: Visit) => {
    if (!(await limits.areManyWrongCodes(accountId))) return
    const account = await stored.byId(accountId)
    if (account !== null) changes.notify(account, "wrong_codes", visit)
  }

  return {
    isAwaited: async (request) => (await auth.pendingSignIn(request)) !== null,

    answer: async (form, request, visit) => {
      const accountId = await auth.pendingSignIn(request)
      if (accountId === null) return refusal("form", "This sign-in has taken too long. Sign in again.")
      const code = tidyCode(form.code)
      if (code === "") return refusal("code", "Code is needed.")
      const factor = isCode(code) ? "code" : "recovery_code"
      const tried =
        factor === "code"
          ? await attempts.tryCode(accountId, code, () =>
              watched(accountId, () => auth.answerWithCode(code, request, { visit })),
            )
          : await attempts.tryRecoveryCode(accountId, () =>
              watched(accountId, () =>
                auth.answerWithRecoveryCode(tidyRecoveryCode(form.code), request, { visit }),
              ),
            )
      const details = { method: "password", secondFactor: factor }
      if (!tried.ok) {
        const reason = tried.retryAfterSeconds === undefined ? "wrong_code" : "too_many_attempts"
        audit.record({ type: "sign_in.failed", accountId, details: { ...details, reason } })
        if (tried.field === "code") await tellOfWrongCodes(accountId, visit)
        return tried
      }
      if (factor === "recovery_code") {
        const left = (await factors.of(accountId))?.recoveryCodes.length ?? 0
        audit.record({ type: "recovery_code.used", accountId, details: { left } })
      }
      audit.record({ type: "sign_in.succeeded", accountId, details })
      return { ok: true, step: "signed_in", setCookies: tried.setCookies }
    },
  }
}
