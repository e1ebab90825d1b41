import { networkOf } from "../limits/network.ts"
import { type Admission, admitByAll, type OpenRateLimiter } from "../limits/rate-limiter.ts"

const WINDOW_SECONDS = 15 * 60
const MINUTE_SECONDS = 60
const HOUR_SECONDS = 60 * 60
/** Wrong passwords, and wrong codes, of one account. */
const PER_ACCOUNT = 10
/** Requests for a mail from one address, whomever it is for. */
const MAIL_PER_ADDRESS = 20
const RESETS_PER_EMAIL = 3
const VERIFICATIONS_PER_EMAIL = 10

/** Counts what is tried with an account, and the mails that strangers can have sent to somebody. Each throws `StoreUnavailableError`. */
export type AccountLimits = {
  /** A password that confirms a change: whoever has got at an open browser must not guess it. */
  admitConfirmation(accountId: string): Promise<Admission>
  /** A code or recovery code, in whatever sign-in attempt. */
  admitCode(accountId: string): Promise<Admission>
  /** A request for a mail. */
  admitMailRequest(address: string): Promise<Admission>
  /** A mail with a link to reset the password. */
  admitResetMail(email: string): Promise<Admission>
  /** A mail about making an account: one a minute, ten an hour. */
  admitVerificationMail(email: string): Promise<Admission>
}

export function createAccountLimits(open: OpenRateLimiter): AccountLimits {
  const limiter = (name: string, points: number, durationSeconds: number) =>
    open({ name, points, durationSeconds })
  const confirmations = limiter("confirm-password", PER_ACCOUNT, WINDOW_SECONDS)
  const codes = limiter("second-factor", PER_ACCOUNT, WINDOW_SECONDS)
  const requests = limiter("mail-request", MAIL_PER_ADDRESS, HOUR_SECONDS)
  const resets = limiter("reset-mail", RESETS_PER_EMAIL, HOUR_SECONDS)
  const verificationsNow = limiter("verification-mail-minute", 1, MINUTE_SECONDS)
  const verifications = limiter("verification-mail", VERIFICATIONS_PER_EMAIL, HOUR_SECONDS)

  return {
    admitConfirmation: (accountId) => confirmations.admit(accountId),
    admitCode: (accountId) => codes.admit(accountId),
    admitMailRequest: (address) => requests.admit(networkOf(address)),
    admitResetMail: (email) => resets.admit(email),
    admitVerificationMail: (email) =>
      admitByAll([
        { limiter: verificationsNow, key: email },
        { limiter: verifications, key: email },
      ]),
  }
}
