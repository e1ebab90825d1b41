import { approvalPhraseOf, codeChallengeOf, WIRE_ERRORS } from "@authchemy/protocol"
import type { DeviceAuthorization, PollAnswer } from "./device-endpoints.ts"
import { SignInError } from "./errors.ts"
import {
  APPROVAL_TIMEOUT_MS,
  type Attempt,
  anySignal,
  type LoginOptions,
  type LoginResult,
  newAttempt,
} from "./login.ts"
import { cancelled } from "./request-failures.ts"
import { saveLogin } from "./save-login.ts"
import { parseServerUrl } from "./server-url.ts"
import { wait } from "./wait.ts"

/** What a `slow_down` adds to the interval, for good (RFC 8628 §3.5). */
const SLOW_DOWN_MS = 5_000
/** The longest pause that is made because the server cannot be reached, unless its own interval is longer. */
const LONGEST_BACKOFF_MS = 30_000

/**
 * Signs a person in by a code that is approved on any device (RFC 8628, with PKCE S256 of RFC 7636 carried
 * over): asks for a code, reports it, polls no faster than the server allows, and has the credential saved.
 * What goes wrong on the way to the server while polling is waited out, with pauses that double, until the
 * code expires or `timeoutMs` is over.
 *
 * @throws SignInError
 */
export async function performDeviceLogin(options: LoginOptions): Promise<LoginResult> {
  return loginByDevice(options, newAttempt(options))
}

/** The same, as one of two flows that share an attempt. @throws SignInError */
export async function loginByDevice(options: LoginOptions, attempt: Attempt): Promise<LoginResult> {
  const { onEvent = () => {}, signal, timeoutMs = APPROVAL_TIMEOUT_MS } = options
  const { fetch: send = fetch, now = Date.now, delay = wait } = options
  const server = parseServerUrl(options.authUrl)
  if (signal?.aborted) throw cancelled()
  // Loaded here, so that a command which does not sign in does not pay for it.
  const { pollForToken, requestDeviceAuthorization } = await import("./device-endpoints.ts")

  const begun = now()
  const stopped = anySignal(signal, attempt.settled)
  const codeChallenge = codeChallengeOf(attempt.codeVerifier)
  const { client, device } = options
  const authorization = await requestDeviceAuthorization(
    { codeChallenge, client, device },
    { server, fetch: send, signal: stopped },
  )
  const { deviceCode, expiresInMs, intervalMs } = authorization
  const waitMs = Math.min(timeoutMs, expiresInMs)
  onEvent({
    type: "device-code",
    ...shownOf(authorization),
    phrase: approvalPhraseOf(codeChallenge),
    timeoutMs: waitMs,
  })

  const login = await pollUntilDecided({
    poll: () =>
      pollForToken(
        { deviceCode, codeVerifier: attempt.codeVerifier, expiresInSeconds: options.expiresInSeconds, now },
        { server, fetch: send, signal },
      ),
    intervalMs,
    endsAt: begun + waitMs,
    answerLost: () => answerLost(server),
    timedOut: (unreachable) =>
      expiresInMs < timeoutMs
        ? timeout("The code expired before it was approved", unreachable, { expiresInMs })
        : timeout(`The sign-in was not approved within ${timeoutMs / 1000} s`, unreachable, { timeoutMs }),
    now,
    delay,
    stopped,
  })
  await saveLogin(login, server, options)
  onEvent({ type: "stored" })
  return login
}

/**
 * Polls until the person has decided. The first poll comes after one interval: nobody is quicker. The pause
 * is never shorter than the interval, so that a poll that would come after the end is left out.
 */
async function pollUntilDecided(wanted: {
  poll: () => Promise<PollAnswer>
  intervalMs: number
  endsAt: number
  /** What to throw, where a poll that got no answer had used the code up. */
  answerLost: () => SignInError
  /** What to throw, where the server could not be reached at the end for the reason given. */
  timedOut: (unreachable: string | undefined) => SignInError
  now: () => number
  delay: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  stopped: AbortSignal
}): Promise<LoginResult> {
  const { poll, endsAt, now, delay, stopped } = wanted
  let { intervalMs } = wanted
  let failures = 0
  let unavailable: Extract<PollAnswer, { answer: "unavailable" }> | undefined
  let everUnavailable = false
  for (;;) {
    const remaining = endsAt - now()
    const backoff = Math.min(intervalMs * 2 ** failures, LONGEST_BACKOFF_MS, remaining)
    const pause = Math.max(intervalMs, backoff, unavailable?.retryAfterMs ?? 0)
    await delay(Math.max(0, Math.min(pause, remaining)), stopped)
    if (stopped.aborted) throw cancelled()
    if (pause > remaining) throw wanted.timedOut(unavailable?.reason)
    const polled = await poll().catch((error: unknown) => {
      throw everUnavailable && isUsedUp(error) ? wanted.answerLost() : error
    })
    if (polled.answer === "login") return polled.login
    if (stopped.aborted) throw cancelled()
    unavailable = polled.answer === "unavailable" ? polled : undefined
    everUnavailable ||= unavailable !== undefined
    failures = unavailable === undefined ? 0 : failures + 1
    if (polled.answer === "slow_down") intervalMs += SLOW_DOWN_MS
  }
}

function shownOf(authorization: DeviceAuthorization) {
  const { userCode, verificationUri, verificationUriComplete } = authorization
  return {
    userCode,
    verificationUri,
    ...(verificationUriComplete === undefined ? {} : { verificationUriComplete }),
  }
}

/** A device code gives one token; polls after that are refused (RFC 8628 §3.5, RFC 6749 §5.2). */
function isUsedUp(error: unknown): boolean {
  return error instanceof SignInError && error.details?.error === WIRE_ERRORS.invalidGrant
}

function answerLost(server: string): SignInError {
  const message = `The answer of ${server} that held the token was lost on the way. Sign in again; the session that it was for can be ended at ${server}/sessions.`
  return new SignInError("network", message, { details: { server } })
}

function timeout(
  what: string,
  unreachable: string | undefined,
  details: Record<string, number>,
): SignInError {
  const why = unreachable === undefined ? "" : `; the server could not be reached at the end (${unreachable})`
  return new SignInError("timeout", `${what}${why}.`, { details })
}
