/** Why a code was refused. For logs and tests; the wire says `invalid_grant` for each of them. */
export type InvalidGrantReason = "malformed" | "unknown" | "expired" | "mismatch" | "replayed"

/** The code cannot be redeemed: `code` is stable, `reason` says why (RFC 6749 §5.2). */
export class InvalidGrantError extends Error {
  readonly code = "invalid_grant"
  readonly reason: InvalidGrantReason
  constructor(reason: InvalidGrantReason) {
    super(`the authorization code was refused: ${reason}`)
    this.name = "InvalidGrantError"
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
