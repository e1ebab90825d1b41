import type { Context } from "hono"
import type { Refusal, SignInOutcome } from "../../accounts/built-in.ts"
import type { AppEnv } from "../../middleware/request-log.ts"

/** Where a person goes with whom a sign-in went well, so far. */
const NEXT = {
  signed_in: null,
  second_factor: "/sign-in/second-factor",
  verify_email: "/verify-email?sent=1",
} as const

/**
 * Goes on after a sign-in: back to where the person came from, or to what is still asked of them. 303, so that a browser never posts the password again
 * (RFC 9700 §4.12).
 * @param returnTo a checked path on this server
 */
export function goOn(
  c: Context<AppEnv>,
  outcome: Extract<SignInOutcome, { ok: true }>,
  returnTo: string,
): Response {
  const next = NEXT[outcome.step]
  return leaveWith(c, outcome.setCookies, next === null ? returnTo : withReturn(next, returnTo))
}

/** 303 to a path, with cookies. */
export function leaveWith(c: Context<AppEnv>, setCookies: readonly string[], path: string): Response {
  setCookiesOf(c, setCookies)
  return c.redirect(path, 303)
}

export function setCookiesOf(c: Context<AppEnv>, setCookies: readonly string[]): void {
  for (const cookie of setCookies) c.header("Set-Cookie", cookie, { append: true })
}

/** The status of a refusal; `Retry-After` where there were too many. @param inForm where the form as a whole was refused rather than one field */
export function statusOf(c: Context<AppEnv>, { field, retryAfterSeconds }: Refusal, inForm: 400 | 401) {
  if (retryAfterSeconds !== undefined) {
    c.header("Retry-After", String(retryAfterSeconds))
    return 429
  }
  return field === "form" ? inForm : 400
}

/** A path of ours that takes the way back along. @param returnTo a checked path on this server */
export function withReturn(path: string, returnTo: string): string {
  return `${path}${path.includes("?") ? "&" : "?"}return_to=${encodeURIComponent(returnTo)}`
}
