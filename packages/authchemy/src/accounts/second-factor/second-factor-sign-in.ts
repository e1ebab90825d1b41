import type { Audit } from "../../audit/events.ts"
import type { BetterAuth } from "../better-auth.ts"
import type { SecondFactor } from "../built-in.ts"
import { refusal } from "../refusals.ts"
import { type CodeAttempts, isCode, tidyCode } from "./code-attempts.ts"
import { tidyRecoveryCode } from "./recovery-codes.ts"
import type { SecondFactors } from "./second-factors.ts"

/** The second step of a sign-in by password: a code, or a recovery code. A sign-in by passkey or by a provider does not come here. */
export function createSecondFactorSignIn(options: {
  auth: BetterAuth
  factors: SecondFactors
  attempts: CodeAttempts
  audit: Audit
}): Pick<SecondFactor, "isAwaited" | "answer"> {
  const { auth, factors, attempts, audit } = options

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
          ? await attempts.tryCode(accountId, code, () => auth.answerWithCode(code, request, { visit }))
          : await attempts.tryRecoveryCode(accountId, () =>
              auth.answerWithRecoveryCode(tidyRecoveryCode(form.code), request, { visit }),
            )
      const details = { method: "password", secondFactor: factor }
      if (!tried.ok) {
        const reason = tried.retryAfterSeconds === undefined ? "wrong_code" : "too_many_attempts"
        audit.record({ type: "sign_in.failed", accountId, details: { ...details, reason } })
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
