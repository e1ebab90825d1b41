import { setTimeout as sleep } from "node:timers/promises"
import { CLI_TOKEN_PATH, CliErrorResponse, type CliTokenRequest, CliTokenResponse } from "@authchemy/protocol"
import * as v from "valibot"
import type { LoginResult } from "./browser-login.ts"
import { SignInError, tidyText } from "./errors.ts"
import { type Answer, isRedirect, post, RequestError } from "./http.ts"

const TIMEOUT_MS = 10_000
const RETRY_DELAYS_MS = [500, 1_500]
/** A server that asks for more patience than this is not waited for. */
const LONGEST_RETRY_AFTER_MS = 5_000

type ExchangeRequest = {
  /** The auth URL without a trailing slash. */
  server: string
  body: CliTokenRequest
  timeoutMs: number
  fetch: typeof fetch
  signal?: AbortSignal | undefined
}

/**
 * Redeems an authorization code at `POST /api/cli/token` (RFC 6749 §4.1.3, RFC 7636 §4.5). Ten seconds a try; at most two
 * retries, and only where no response came (or a 503 that names at most five seconds). A retry whose first try had reached the
 * server makes it end the session of that try and refuse: no session is left that nobody holds.
 *
 * @throws SignInError `network`, `refused`, `bad_response` or `aborted`
 */
export async function exchangeCodeForToken(
  request: Omit<ExchangeRequest, "timeoutMs"> & {
    timeoutMs?: number
    delay?: (milliseconds: number, signal?: AbortSignal) => Promise<void>
    /** Milliseconds since the epoch, against which a `Retry-After` date is held. */
    now?: () => number
  },
): Promise<LoginResult> {
  const { delay = wait, timeoutMs = TIMEOUT_MS, now = Date.now, ...rest } = request
  for (let retries = 0; ; retries++) {
    const pause = RETRY_DELAYS_MS[retries]
    try {
      const answer = await sendExchange({ ...rest, timeoutMs })
      const retryAfter = answer.status === 503 ? shortRetryAfter(answer.headers, now()) : undefined
      if (retryAfter === undefined || pause === undefined) return judgeExchange(answer, request.server)
      await delay(retryAfter, request.signal)
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      if (pause === undefined || error.responded || !["network", "timeout"].includes(error.kind)) {
        throw signInErrorOf(error, request.server)
      }
      await delay(pause, request.signal)
    }
    if (request.signal?.aborted) throw new SignInError("aborted", "Sign-in was cancelled.")
  }
}

/** Sends the one request. */
function sendExchange(request: ExchangeRequest): Promise<Answer> {
  const { server, body, timeoutMs, fetch: send, signal } = request
  return post({ url: `${server}${CLI_TOKEN_PATH}`, json: body, timeoutMs, fetch: send, signal })
}

/** Judges its answer. Whatever of it may be shown is made one line without control characters. */
function judgeExchange(answer: Answer, server: string): LoginResult {
  const { status, body } = answer
  if (isRedirect(status)) {
    const message = "The server answered the sign-in with a redirect, which is not followed."
    throw new SignInError("bad_response", message, { details: { status } })
  }
  if (status !== 200) throw refusalOf(status, body)
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), CliTokenResponse), body)
  if (!parsed.success) {
    const message = "The server's answer to the sign-in was not that of an Authchemy server."
    throw new SignInError("bad_response", message, { details: { status } })
  }
  const { authToken, expiresAt, expiresInSeconds, sessionId, account } = parsed.output
  return {
    credential: { token: authToken, expiresAt, server },
    sessionId: tidyText(sessionId, 128),
    account: { id: tidyText(account.id, 128), email: tidyText(account.email), name: tidyText(account.name) },
    expiresInSeconds,
  }
}

function refusalOf(status: number, body: string): SignInError {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), CliErrorResponse), body)
  const error = parsed.success && /^[a-z_]{1,64}$/.test(parsed.output.error) ? parsed.output.error : undefined
  const description = parsed.success ? tidyText(parsed.output.error_description ?? "") : ""
  const said = (description === "" ? (error ?? "") : description).replace(/\.$/, "")
  return new SignInError(
    "refused",
    `The server refused the sign-in (${status}${said === "" ? "" : `: ${said}`}).`,
    { details: { status, ...(error === undefined ? {} : { error }) } },
  )
}

function signInErrorOf(error: RequestError, server: string): SignInError {
  if (error.kind === "aborted") return new SignInError("aborted", "Sign-in was cancelled.")
  if (error.kind === "too_large") {
    return new SignInError("bad_response", `The server gave ${error.reason}.`, { details: { server } })
  }
  const message = `The server at ${server} could not be reached: ${error.reason}.`
  return new SignInError("network", message, { details: { server, reason: error.reason }, cause: error })
}

/** Milliseconds, where the server names a time (seconds or a date, RFC 9110 §10.2.3) that is short enough to wait for. */
function shortRetryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get("retry-after") ?? ""
  if (/^\d{1,2}$/.test(value)) return atMost(Number(value) * 1000)
  return / GMT$/.test(value) ? atMost(Math.max(0, Date.parse(value) - now)) : undefined

  function atMost(pause: number): number | undefined {
    return pause <= LONGEST_RETRY_AFTER_MS ? pause : undefined
  }
}

/** Waits; ends early, without an error, when the signal is aborted. */
async function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, signal ? { signal } : {}).catch(() => {})
}
