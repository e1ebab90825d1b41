/** Sign-in did not come about. `code` is stable; `message` is for people and holds nothing secret and no raw text of a server. */
export class SignInError extends Error {
  readonly code:
    | "denied" // the person said no, or the server refused the sign-in
    | "timeout"
    | "aborted"
    | "port_unavailable" // not even an ephemeral port
    | "network" // the exchange could not reach the server
    | "refused" // the server refused the exchange (status, wire code in `details`)
    | "bad_response" // redirect, too large, not JSON, wrong shape
    | "storage" // the credential could not be saved (cause)
    | "insecure_url"
  readonly details?: Record<string, unknown>

  constructor(
    code: SignInError["code"],
    message: string,
    more: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? {} : { cause: more.cause })
    this.name = "SignInError"
    this.code = code
    if (more.details !== undefined) this.details = more.details
  }
}

/** Another process held the lock for longer than the caller was willing to wait. */
export class LockTimeoutError extends Error {
  readonly code = "lock_timeout"
  readonly path: string

  constructor(path: string, waitMs: number) {
    super(`The lock at ${path} was held by another process for more than ${waitMs} ms.`)
    this.name = "LockTimeoutError"
    this.path = path
  }
}

/**
 * Text of a server made fit for a terminal: one line of at most `longest` characters, without control, format, direction
 * or surrogate characters (Unicode Cc, Cf, Zl, Zp, Cs).
 */
export function tidyText(text: string, longest = 200): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ").trim()
  const characters = Array.from(line)
  return characters.length <= longest ? line : `${characters.slice(0, longest - 1).join("")}…`
}
