import { StoreUnavailableError } from "../errors.ts"

/**
 * The authorization server told nothing about the token: `reason` says why. Whoever meets it answers 503.
 * `unreachable`: no answer in time, or one that says to come back later. `refused`: it does not take this resource server's own credentials; whoever runs it has to see to that.
 * `malformed`: what it answered is none of its answers.
 */
export class AuthorizationServerError extends StoreUnavailableError {
  readonly reason: "unreachable" | "refused" | "malformed"
  /** @param message what happened and what to do; never holds what was sent or answered */
  constructor(reason: AuthorizationServerError["reason"], message: string, cause?: unknown) {
    super(cause)
    this.name = "AuthorizationServerError"
    this.message = message
    this.reason = reason
  }
}
