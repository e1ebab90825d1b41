import { CLIError, type ErrorCode } from "../errors.ts"

/**
 * A request that did not come about, for a reason that has to do with the way to the server. `reason` is the
 * same as one phrase, for whoever says by itself what could not be done.
 */
export class NetworkFailure extends CLIError {
  readonly reason: string

  constructor(
    reason: string,
    details: { message: string; hint: string; code?: ErrorCode; retryable?: boolean; cause?: unknown },
  ) {
    const { message, code = "NETWORK_ERROR", ...more } = details
    super(code, message, more)
    this.reason = reason
  }
}

/**
 * The first code of a system error in a chain of causes, for example `ECONNREFUSED`; empty where there is
 * none.
 */
export function codeIn(error: unknown): string {
  let one = error
  for (let depth = 0; one instanceof Error && depth < 6; depth++) {
    const code = one instanceof CLIError || !("code" in one) ? undefined : one.code
    if (typeof code === "string" && /^[A-Z0-9_]{1,60}$/.test(code)) return code
    one = one instanceof AggregateError ? one.errors[0] : one.cause
  }
  return ""
}
