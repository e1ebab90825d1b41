import { SignInError, tidyText } from "./errors.ts"
import type { RequestError } from "./http.ts"

/** The sign-in was stopped by whoever started it. */
export function cancelled(): SignInError {
  return new SignInError("aborted", "Sign-in was cancelled.")
}

/**
 * The server said no (RFC 6749 §5.2). Its description is made one line without control characters; its code
 * is passed on, in `details`, only where it has the form of one.
 */
export function refusal(status: number, said: { error?: unknown; description?: unknown } = {}): SignInError {
  const { error, description } = said
  const code = typeof error === "string" && /^[a-z_]{1,64}$/.test(error) ? error : undefined
  const sentence = typeof description === "string" ? tidyText(description) : ""
  const shown = (sentence === "" ? (code ?? "") : sentence).replace(/\.$/, "")
  return new SignInError(
    "refused",
    `The server refused the sign-in (${status}${shown === "" ? "" : `: ${shown}`}).`,
    { details: { status, ...(code === undefined ? {} : { error: code }) } },
  )
}

/** A redirect in place of an answer. */
export function redirected(status: number): SignInError {
  const message = "The server answered the sign-in with a redirect, which is not followed."
  return new SignInError("bad_response", message, { details: { status } })
}

/** An answer of the right status that is not of the wire contract. */
export function notUnderstood(status: number): SignInError {
  const message = "The server's answer to the sign-in was not that of an Authchemy server."
  return new SignInError("bad_response", message, { details: { status } })
}

/** A request that got no answer, or none that could be read. */
export function requestFailure(error: RequestError, server: string): SignInError {
  if (error.kind === "aborted") return cancelled()
  if (error.kind === "too_large") {
    return new SignInError("bad_response", `The server gave ${error.reason}.`, { details: { server } })
  }
  const message = `The server at ${server} could not be reached: ${error.reason}.`
  return new SignInError("network", message, { details: { server, reason: error.reason }, cause: error })
}
