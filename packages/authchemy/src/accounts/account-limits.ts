import { networkOf } from "../limits/network.ts"
import { type Admission, admitByAll, type OpenRateLimiter } from "../limits/rate-limiter.ts"

const WINDOW_SECONDS = 15 * 60
const MINUTE_SECONDS = 60
const HOUR_SECONDS = 60 * 60
/** Wrong passwords, and wrong codes, of one account. */
const PER_ACCOUNT = 10
const DAY_SECONDS = 24 * HOUR_SECONDS
/** Wrong codes of one account in a day that its owner is told of. */
const MANY_WRONG_CODES = 10
/** Requests for a mail from one address, whomever it is for. */
const MAIL_PER_ADDRESS = 20
const RESETS_PER_EMAIL = 3
/** Mails of one kind about making an account. */
const SIGN_UP_MAILS_PER_EMAIL = 10

/** Counts what is tried with an account, and the mails that strangers can have sent to somebody. Each throws `StoreUnavailableError`. */
export type AccountLimits = {
  /** A password that confirms a change: whoever has got at an open browser must not guess it. */
  admitConfirmation(accountId: string): Promise<Admission>
  /** A code or recovery code, in whatever sign-in attempt. */
  admitCode(accountId: string): Promise<Admission>
  /** Counts a wrong code. @returns whether its owner is to be told: at the tenth within a day, and once a day */
  areManyWrongCodes(accountId: string): Promise<boolean>
  /** A request for a mail. */
  admitMailRequest(address: string): Promise<Admission>
  /** A mail with a link to reset the password. */
  admitResetMail(email: string): Promise<Admission>
  /** A mail with a link to verify the email: one a minute, ten an hour. */
  admitVerificationMail(email: string): Promise<Admission>
  /** A mail that there is an account already: one a minute, ten an hour, whatever else is sent. Whoever has links sent to an email must not keep this from its owner. */
  admitAccountExistsMail(email: string): Promise<Admission>
}

export function createAccountLimits(open: OpenRateLimiter): AccountLimits {
  const limiter = (name: string, points: number, durationSeconds: number) =>
    open({ name, points, durationSeconds })
  const confirmations = limiter("confirm-password", PER_ACCOUNT, WINDOW_SECONDS)
  const codes = limiter("second-factor", PER_ACCOUNT, WINDOW_SECONDS)
  const fewWrongCodes = limiter("second-factor-wrong", MANY_WRONG_CODES - 1, DAY_SECONDS)
  const wrongCodeMails = limiter("second-factor-wrong-mail", 1, DAY_SECONDS)
  const requests = limiter("mail-request", MAIL_PER_ADDRESS, HOUR_SECONDS)
  const resets = limiter("reset-mail", RESETS_PER_EMAIL, HOUR_SECONDS)
  const signUpMails = (name: string) => {
    const now = limiter(`${name}-minute`, 1, MINUTE_SECONDS)
    const inAnHour = limiter(name, SIGN_UP_MAILS_PER_EMAIL, HOUR_SECONDS)
    return (email: string) =>
      admitByAll([
        { limiter: now, key: email },
        { limiter: inAnHour, key: email },
      ])
  }

  return {
    admitConfirmation: (accountId) => confirmations.admit(accountId),
    admitCode: (accountId) => codes.admit(accountId),
    areManyWrongCodes: async (accountId) =>
      !(await fewWrongCodes.admit(accountId)).admitted && (await wrongCodeMails.admit(accountId)).admitted,
    admitMailRequest: (address) => requests.admit(networkOf(address)),
    admitResetMail: (email) => resets.admit(email),
    admitVerificationMail: signUpMails("verification-mail"),
    admitAccountExistsMail: signUpMails("account-exists-mail"),
  }
}
