import { CLI_TOKEN_PATH, CliErrorResponse, type CliTokenRequest, CliTokenResponse } from "@authchemy/protocol"
import * as v from "valibot"
import { tidyText } from "./errors.ts"
import { type Answer, isRedirect, post, REQUEST_TIMEOUT_MS, RequestError, retryAfterOf } from "./http.ts"
import type { IssuedLogin } from "./login.ts"
import { cancelled, notUnderstood, redirected, refusal, requestFailure } from "./request-failures.ts"
import { wait } from "./wait.ts"

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
): Promise<IssuedLogin> {
  const { delay = wait, timeoutMs = REQUEST_TIMEOUT_MS, now = Date.now, ...rest } = request
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
        throw requestFailure(error, request.server)
      }
      await delay(pause, request.signal)
    }
    if (request.signal?.aborted) throw cancelled()
  }
}

/** Sends the one request. */
function sendExchange(request: ExchangeRequest): Promise<Answer> {
  const { server, body, timeoutMs, fetch: send, signal } = request
  return post({ url: `${server}${CLI_TOKEN_PATH}`, json: body, timeoutMs, fetch: send, signal })
}

/** Judges its answer. Whatever of it may be shown is made one line without control characters. */
function judgeExchange(answer: Answer, server: string): IssuedLogin {
  const { status, body } = answer
  if (isRedirect(status)) throw redirected(status)
  if (status !== 200) throw refusalOf(status, body)
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), CliTokenResponse), body)
  if (!parsed.success) throw notUnderstood(status)
  const { authToken, expiresAt, expiresInSeconds, sessionId, account } = parsed.output
  return {
    credential: { token: authToken, expiresAt, server },
    sessionId: tidyText(sessionId, 128),
    account: { id: tidyText(account.id, 128), email: tidyText(account.email), name: tidyText(account.name) },
    expiresInSeconds,
  }
}

function refusalOf(status: number, body: string) {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), CliErrorResponse), body)
  if (!parsed.success) return refusal(status)
  return refusal(status, { error: parsed.output.error, description: parsed.output.error_description })
}

/** Milliseconds, where the server names a time that is short enough to wait for. */
function shortRetryAfter(headers: Headers, now: number): number | undefined {
  const pause = retryAfterOf(headers, now)
  return pause !== undefined && pause <= LONGEST_RETRY_AFTER_MS ? pause : undefined
}
