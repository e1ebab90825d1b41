import { LockTimeoutError, SignInError } from "@authchemy/cli-sign-in"
import { keychainFailure } from "../config/file.ts"
import { CLIError, type ErrorCode, interrupted } from "../errors.ts"
import { printable } from "../output/printable.ts"

const CODES: Readonly<Record<SignInError["code"], ErrorCode>> = {
  denied: "LOGIN_DENIED",
  timeout: "LOGIN_TIMEOUT",
  aborted: "INTERRUPTED",
  port_unavailable: "NETWORK_ERROR",
  network: "NETWORK_ERROR",
  refused: "ADMIN_API_ERROR",
  bad_response: "ADMIN_API_ERROR",
  storage: "CREDENTIAL_STORE_ERROR",
  insecure_url: "INVALID_ARGS",
}

const HINTS: Partial<Readonly<Record<SignInError["code"], string>>> = {
  denied: "Run `alchemy auth login` to try again.",
  timeout: "Run `alchemy auth login` to try again; --timeout <ms> waits longer.",
  network: "Check the connection and the address, then run `alchemy auth login` again.",
  refused: "Run `alchemy auth login` to try again.",
  port_unavailable: "Choose a port that may be used with --port.",
}

/** A failed sign-in as the command reports it. Other errors come back as they are. */
export function signInFailure(cause: unknown): unknown {
  if (cause instanceof LockTimeoutError) {
    return new CLIError("LOGIN_TIMEOUT", "Another sign-in on this machine did not end in time.", {
      hint: "Finish or stop it, then run `alchemy auth login` again.",
      cause,
    })
  }
  if (!(cause instanceof SignInError)) return cause
  if (cause.code === "aborted") return interrupted()
  if (cause.code === "network" && cause.cause instanceof Error && cause.cause.cause instanceof CLIError) {
    // The command's own `fetch` knows what to do about it.
    return cause.cause.cause
  }
  if (cause.code === "storage") {
    const stored = keychainFailure(cause.cause)
    if (stored instanceof CLIError) return stored
  }
  if (cause.code === "refused" && cause.details?.status === 429) {
    return new CLIError("RATE_LIMITED", printable(cause.message), { hint: "Try again later.", cause })
  }
  return new CLIError(CODES[cause.code], printable(cause.message), { hint: hintOf(cause), cause })
}

function hintOf({ code, details }: SignInError): string | undefined {
  if (details?.unsupported === true) {
    return "Run `alchemy auth login --no-browser` and open the address in a browser on this machine."
  }
  // A longer wait would not help: it is the server that lets the code expire.
  if (code === "timeout" && details?.timeoutMs === undefined) {
    return "Run `alchemy auth login` again for a new code."
  }
  return HINTS[code]
}
