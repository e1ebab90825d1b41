/** Why a grant was refused. For logs and tests; the wire says `invalid_grant` for each of them. */
export type InvalidGrantReason = "malformed" | "unknown" | "expired" | "mismatch" | "replayed"

/** The code, device code or refresh token cannot be used: `code` is stable, `reason` says why (RFC 6749 §5.2). */
export class InvalidGrantError extends Error {
  readonly code = "invalid_grant"
  readonly reason: InvalidGrantReason
  constructor(reason: InvalidGrantReason) {
    super(`the grant was refused: ${reason}`)
    this.name = "InvalidGrantError"
    this.reason = reason
  }
}

/** More was asked for than was granted (RFC 6749 §6). */
export class InvalidScopeError extends Error {
  readonly code = "invalid_scope"
  constructor() {
    super("a scope was asked for that the grant does not have")
    this.name = "InvalidScopeError"
  }
}

/** What a poll is told while there is no token; `code` is the code on the wire (RFC 8628 §3.5). */
export class DevicePollError extends Error {
  readonly code: "authorization_pending" | "slow_down" | "access_denied" | "expired_token"
  constructor(code: DevicePollError["code"]) {
    super(`the device has no token: ${code}`)
    this.name = "DevicePollError"
    this.code = code
  }
}

/** Why a person cannot decide on a user code. `claimed`: another account is at it. `decided`: it was approved or denied already. */
export type UserCodeRefusal = "unknown" | "expired" | "claimed" | "decided"

/** The user code cannot be claimed or decided on by this account: `code` is stable, `reason` says why. */
export class UserCodeError extends Error {
  readonly code = "user_code_refused"
  readonly reason: UserCodeRefusal
  constructor(reason: UserCodeRefusal) {
    super(`the user code was refused: ${reason}`)
    this.name = "UserCodeError"
    this.reason = reason
  }
}

/** The store did not answer in time, or at all. Nothing is known: the caller answers 503, never yes and never no. */
export class StoreUnavailableError extends Error {
  readonly code = "store_unavailable"
  constructor(cause: unknown) {
    super("the token store is out of reach", { cause })
    this.name = "StoreUnavailableError"
  }
}
