import { approvalPhraseOf, codeChallengeOf, WIRE_ERRORS } from "@authchemy/protocol"
import type { UnfinishedSignIn } from "./credentials/unfinished-sign-in.ts"
import type { PollAnswer } from "./device-endpoints.ts"
import { SignInError } from "./errors.ts"
import {
  APPROVAL_TIMEOUT_MS,
  type Attempt,
  anySignal,
  type IssuedLogin,
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
/** The longest life of a code that is believed, in milliseconds: not every number is a moment. */
const MOST_LIFETIME_MS = 24 * 60 * 60_000

/** A sign-in by code that has been begun. */
export type UnfinishedDeviceSignIn = Extract<UnfinishedSignIn, { kind: "device" }>

/** What a person is shown of it. */
export type DeviceLoginBegun = {
  unfinished: UnfinishedDeviceSignIn
  userCode: string
  verificationUri: string
  verificationUriComplete?: string
  phrase: string
}

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
  const { onEvent = () => {}, signal, timeoutMs = APPROVAL_TIMEOUT_MS, now = Date.now } = options
  const begun = now()
  const stopped = anySignal(signal, attempt.settled)
  const { unfinished, ...shown } = await begin(options, attempt, stopped)
  const waitMs = Math.min(timeoutMs, Date.parse(unfinished.expiresAt) - begun)
  onEvent({ type: "device-code", ...shown, timeoutMs: waitMs })
  return finish(unfinished, { options, begun, stopped })
}

/**
 * Asks for a code and returns what is needed to finish the sign-in later, also in another process. Nothing is noted.
 * @throws SignInError
 */
export function beginDeviceLogin(
  options: Pick<
    LoginOptions,
    "authUrl" | "client" | "device" | "signal" | "fetch" | "now" | "randomBytes" | "expiresInSeconds"
  >,
): Promise<DeviceLoginBegun> {
  return begin(options, newAttempt(options), anySignal(options.signal))
}

/**
 * Finishes a sign-in that was begun: polls until the person has decided, and has the credential saved. Where `timeoutMs`
 * is over first it can be tried again, until the code expires.
 * @throws SignInError
 */
export function completeDeviceLogin(
  unfinished: UnfinishedDeviceSignIn,
  options: Omit<LoginOptions, "authUrl" | "client" | "device" | "randomBytes">,
): Promise<LoginResult> {
  const { signal, now = Date.now } = options
  return finish(unfinished, { options, begun: now(), stopped: anySignal(signal), atOnce: true })
}

async function begin(
  options: Parameters<typeof beginDeviceLogin>[0] & Pick<LoginOptions, "notes">,
  attempt: Attempt,
  stopped: AbortSignal,
): Promise<DeviceLoginBegun> {
  const { fetch: send = fetch, now = Date.now } = options
  const server = parseServerUrl(options.authUrl)
  if (stopped.aborted) throw cancelled()
  // Loaded here, so that a command which does not sign in does not pay for it.
  const { requestDeviceAuthorization } = await import("./device-endpoints.ts")
  const { codeVerifier } = attempt
  const codeChallenge = codeChallengeOf(codeVerifier)
  const { client, device } = options
  const begun = now()
  const authorization = await requestDeviceAuthorization(
    { codeChallenge, client, device },
    { server, fetch: send, signal: stopped },
  )
  const { deviceCode, expiresInMs, intervalMs, ...shown } = authorization
  const unfinished: UnfinishedDeviceSignIn = {
    kind: "device",
    id: crypto.randomUUID(),
    server,
    since: new Date(begun).toISOString(),
    codeVerifier,
    deviceCode,
    expiresAt: new Date(begun + Math.min(expiresInMs, MOST_LIFETIME_MS)).toISOString(),
    intervalMs,
  }
  await noted(unfinished, options.notes)
  return { unfinished, ...shown, phrase: approvalPhraseOf(codeChallenge) }
}

/** Makes the note that must stand before a token is asked for. @throws SignInError `storage` */
async function noted(unfinished: UnfinishedDeviceSignIn, notes: LoginOptions["notes"]): Promise<void> {
  await notes?.note(unfinished).catch((cause: unknown) => {
    const message = "The sign-in could not be noted on this machine, so its token was not asked for."
    throw new SignInError("storage", message, { cause })
  })
}

async function finish(
  unfinished: UnfinishedDeviceSignIn,
  run: {
    options: Omit<LoginOptions, "authUrl" | "client" | "device">
    begun: number
    stopped: AbortSignal
    /** The person may have approved already: the first poll is made without a pause. */
    atOnce?: boolean
  },
): Promise<LoginResult> {
  const { options, begun, stopped, atOnce = false } = run
  const { onEvent = () => {}, signal, timeoutMs = APPROVAL_TIMEOUT_MS, notes } = options
  const { fetch: send = fetch, now = Date.now, delay = wait } = options
  const { id, server, deviceCode, codeVerifier, intervalMs } = unfinished
  const { pollForToken } = await import("./device-endpoints.ts")
  const expiresInMs = Date.parse(unfinished.expiresAt) - begun
  const transport = { server, fetch: send, signal }
  // Another process may have polled, and been killed before it had stored the answer.
  const polls = { answered: unfinished.asked !== true }

  if (atOnce) await noted({ ...unfinished, asked: true }, notes)
  let issued: IssuedLogin
  try {
    issued = await pollUntilDecided({
      poll: async () => {
        polls.answered = false
        const { expiresInSeconds } = options
        const answer = await pollForToken({ deviceCode, codeVerifier, expiresInSeconds, now }, transport)
        polls.answered = answer.answer !== "unavailable"
        return answer
      },
      intervalMs,
      atOnce,
      endsAt: begun + Math.min(timeoutMs, expiresInMs),
      answerLost: () => answerLost(server),
      timedOut: (unreachable) =>
        expiresInMs < timeoutMs
          ? timeout("The code expired before it was approved", unreachable, { expiresInMs })
          : timeout(`The sign-in was not approved within ${timeoutMs / 1000} s`, unreachable, { timeoutMs }),
      now,
      delay,
      stopped,
    })
  } catch (error) {
    const goesOn = unfinished.handedOut !== undefined && mayStillBeApproved(error)
    // What happened is worth more to whoever waits than that the note could not be changed.
    const noted = async () => {
      if (isLost(error)) await notes?.note({ ...unfinished, lost: true })
      else if (goesOn && polls.answered) await notes?.note(unfinished)
      else if (!goesOn && (polls.answered || isDecided(error))) await notes?.forget(id)
    }
    await noted().catch(() => {})
    throw error
  }
  const login = { attemptId: id, ...issued }
  await saveLogin(login, server, options)
  onEvent({ type: "stored" })
  return login
}

/**
 * Polls until the person has decided. Unless `atOnce`, the first poll comes after one interval: nobody is quicker. The
 * pause is never shorter than the interval, so that a poll that would come after the end is left out.
 */
async function pollUntilDecided(wanted: {
  poll: () => Promise<PollAnswer>
  intervalMs: number
  atOnce: boolean
  endsAt: number
  /** What to throw where a poll that got no answer, of ours or of an earlier process, had used the code up. */
  answerLost: () => SignInError
  /** What to throw, where the server could not be reached at the end for the reason given. */
  timedOut: (unreachable: string | undefined) => SignInError
  now: () => number
  delay: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  stopped: AbortSignal
}): Promise<IssuedLogin> {
  const { poll, endsAt, now, delay, stopped } = wanted
  let { intervalMs, atOnce } = wanted
  let failures = 0
  // Whether a poll got no answer, or another process has polled before.
  let mayHaveLost = atOnce
  let unavailable: Extract<PollAnswer, { answer: "unavailable" }> | undefined
  for (;;) {
    const remaining = endsAt - now()
    const backoff = Math.min(intervalMs * 2 ** failures, LONGEST_BACKOFF_MS, remaining)
    const pause = atOnce ? 0 : Math.max(intervalMs, backoff, unavailable?.retryAfterMs ?? 0)
    atOnce = false
    if (stopped.aborted) throw cancelled()
    await delay(Math.max(0, Math.min(pause, remaining)), stopped)
    if (stopped.aborted) throw cancelled()
    if (pause > remaining) throw wanted.timedOut(unavailable?.reason)
    const polled = await poll().catch((error: unknown) => {
      throw mayHaveLost && isUsedUp(error) ? wanted.answerLost() : error
    })
    if (polled.answer === "login") return polled.login
    if (stopped.aborted) throw cancelled()
    unavailable = polled.answer === "unavailable" ? polled : undefined
    mayHaveLost ||= unavailable !== undefined
    failures = unavailable === undefined ? 0 : failures + 1
    if (polled.answer === "slow_down") intervalMs += SLOW_DOWN_MS
  }
}

/** A device code gives one token; polls after that are refused (RFC 8628 §3.5, RFC 6749 §5.2). */
function isUsedUp(error: unknown): boolean {
  return error instanceof SignInError && error.details?.error === WIRE_ERRORS.invalidGrant
}

function isLost(error: unknown): boolean {
  return error instanceof SignInError && error.details?.answerLost === true
}

/** The server has said what became of the code, so that no token was given for it. */
function isDecided(error: unknown): boolean {
  return error instanceof SignInError && typeof error.details?.error === "string"
}

/** We stopped waiting; the code is as good as before. */
function mayStillBeApproved(error: unknown): boolean {
  if (!(error instanceof SignInError)) return false
  return error.code === "aborted" || (error.code === "timeout" && error.details?.timeoutMs !== undefined)
}

function answerLost(server: string): SignInError {
  const message = `The answer of ${server} that held the token was lost on the way. Sign in again; the session that it was for can be ended at ${server}/sessions.`
  return new SignInError("network", message, { details: { server, answerLost: true } })
}

function timeout(
  what: string,
  unreachable: string | undefined,
  details: Record<string, number>,
): SignInError {
  const why = unreachable === undefined ? "" : `; the server could not be reached at the end (${unreachable})`
  return new SignInError("timeout", `${what}${why}.`, { details })
}
