import { randomBytes as secureRandomBytes } from "node:crypto"
import { type AccountSummary, codeVerifierFrom } from "@authchemy/protocol"
import type { Credential, PendingRevocation } from "./credentials/credentials.ts"
import type { UnfinishedSignIn } from "./credentials/unfinished-sign-in.ts"
import type { SignInError } from "./errors.ts"

/**
 * What happens during sign-in. Through the browser in this order: `listening`, `approval`, `exchanging`,
 * `stored`; the browser events and `request-ignored` at any time after `approval`. By device code:
 * `device-code`, `stored`. Where both flows run at once, the events of either come between the other's.
 */
export type SignInEvent =
  /** The listener is bound. `fallback` says why the preferred port was not taken, e.g. "EADDRINUSE". */
  | { type: "listening"; port: number; preferredPort: number; fallback?: string }
  | { type: "approval"; url: string; phrase: string; timeoutMs: number }
  /**
   * The code can be entered at `verificationUri`, which is an address of the server;
   * `verificationUriComplete` holds the code already.
   */
  | {
      type: "device-code"
      userCode: string
      verificationUri: string
      verificationUriComplete?: string
      phrase: string
      timeoutMs: number
    }
  | { type: "browser-opened" }
  | { type: "browser-failed"; reason: string }
  | { type: "request-ignored"; reason: string }
  | { type: "exchanging" }
  | { type: "stored" }
  /** Of two flows at once this one is over, and the other goes on alone. */
  | { type: "flow-ended"; flow: "browser" | "device"; error: SignInError }

/** What every way of signing in takes. */
export type LoginOptions = {
  /** Auth URL, for example `https://auth.example.com`; https unless loopback. */
  authUrl: string
  /** Program and version shown for approval, for example `alchemy-cli/1.0.0`. */
  client: string
  device: { name: string; os: string }
  /** Whole seconds; the server caps it at 90 days. */
  expiresInSeconds?: number
  /** How long the person's approval is waited for, in milliseconds. Default 5 minutes. */
  timeoutMs?: number
  /** Stores the credential. Nobody is told of success before this has resolved. */
  save: (login: LoginResult) => Promise<void>
  /**
   * Keeps a note of the sign-in while its token may be on its way, so that a session that a killed process leaves behind
   * can be ended. `note` has resolved before anything is sent that may bring a token; `save` erases the note in the step
   * that stores the token (`LoginResult.attemptId`); `forget` is called where it is known that no session is left; `owe` gets
   * what can end the session of a token that could not be saved, where the server did not confirm that it has.
   */
  notes?: {
    note(unfinished: UnfinishedSignIn): Promise<void>
    forget(id: string): Promise<void>
    owe?(pending: PendingRevocation): Promise<void>
  }
  onEvent?: (event: SignInEvent) => void
  signal?: AbortSignal
  fetch?: typeof fetch
  /** Milliseconds since the epoch. */
  now?: () => number
  /** A cryptographically secure source; Node's where left out. */
  randomBytes?: (size: number) => Uint8Array
  /** How a pause between two requests is waited out; ends early when the signal is aborted. */
  delay?: (milliseconds: number, signal?: AbortSignal) => Promise<void>
}

export type LoginResult = {
  /** The id of the note that was made of this sign-in. */
  attemptId: string
  credential: Credential
  sessionId: string
  account: AccountSummary
  expiresInSeconds: number
}

/** How long a person has for the approval where nothing is said, in milliseconds. */
export const APPROVAL_TIMEOUT_MS = 5 * 60 * 1000

/** One attempt to sign in. Two flows that share it show one phrase. */
export type Attempt = {
  /** The PKCE code verifier (RFC 7636 §4.1). */
  codeVerifier: string
  /**
   * Aborted when the other flow has settled the matter: the wait for the person ends, but a request under way
   * that may bring a session is seen through, so that the session can be ended.
   */
  settled?: AbortSignal
}

/** The token as a flow gets it from the server. */
export type IssuedLogin = Omit<LoginResult, "attemptId">

/** An attempt with a verifier of its own. */
export function newAttempt(options: Pick<LoginOptions, "randomBytes">): Attempt {
  return { codeVerifier: codeVerifierFrom(options.randomBytes ?? secureRandomBytes) }
}

/** One signal for several, of which any may be missing. */
export function anySignal(...signals: (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined))
}
