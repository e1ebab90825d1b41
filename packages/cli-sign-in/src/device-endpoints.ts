import {
  ALCHEMY_CLIENT_ID,
  DEVICE_POLL_INTERVAL_SECONDS,
  DeviceAuthorizationResponse,
  OAUTH_PATHS,
  OAuthTokenResponse,
  tidyClaim,
  WIRE_ERRORS,
} from "@authchemy/protocol"
import * as oauth from "oauth4webapi"
import * as v from "valibot"
import { SignInError, tidyText } from "./errors.ts"
import { fetchWithin, isRedirect, REQUEST_TIMEOUT_MS, RequestError, retryAfterOf } from "./http.ts"
import type { IssuedLogin } from "./login.ts"
import { cancelled, notUnderstood, redirected, refusal, requestFailure } from "./request-failures.ts"
import { ownAddress } from "./server-url.ts"

/** How the requests of the device flow are sent: ten seconds each where `timeoutMs` says nothing else. */
export type DeviceTransport = {
  /** The auth URL as `parseServerUrl` returns it. */
  server: string
  fetch: typeof fetch
  timeoutMs?: number
  signal?: AbortSignal | undefined
}

/**
 * What a person needs, and the code that the command polls with. Everything but `deviceCode` is fit to be
 * shown.
 */
export type DeviceAuthorization = {
  deviceCode: string
  userCode: string
  verificationUri: string
  verificationUriComplete?: string
  /** Milliseconds from the request on. */
  expiresInMs: number
  intervalMs: number
}

/** What one poll came to. */
export type PollAnswer =
  | { answer: "login"; login: IssuedLogin }
  | { answer: "pending" | "slow_down" }
  /**
   * The server could not be reached, or has no time now: worth another try, no sooner than it says. `reason`
   * is one phrase for people.
   */
  | { answer: "unavailable"; reason: string; retryAfterMs?: number }

const CLIENT: oauth.Client = { client_id: ALCHEMY_CLIENT_ID }

/**
 * Asks for a device code at `POST /oauth/device_authorization` (RFC 8628 §3.1), with PKCE S256 carried over
 * to the device flow.
 * @throws SignInError `network`, `refused` (`details.unsupported` where the server has no device flow),
 * `bad_response` or `aborted`
 */
export async function requestDeviceAuthorization(
  request: { codeChallenge: string; client: string; device: { name: string; os: string } },
  transport: DeviceTransport,
): Promise<DeviceAuthorization> {
  const { codeChallenge, client, device } = request
  const parameters = {
    client: tidyClaim(client),
    device: tidyClaim(device.name),
    os: tidyClaim(device.os),
    code_challenge: codeChallenge,
    code_challenge_method: "S256",
  }
  const server = serverMetadata(transport.server)
  try {
    const response = await oauth.deviceAuthorizationRequest(
      server,
      CLIENT,
      oauth.None(),
      parameters,
      optionsFor(transport),
    )
    return await judgeDeviceAuthorization(response, transport.server)
  } catch (error) {
    throw error instanceof RequestError ? requestFailure(error, transport.server) : error
  }
}

async function judgeDeviceAuthorization(response: Response, server: string): Promise<DeviceAuthorization> {
  const { status } = response
  if (isRedirect(status)) throw redirected(status)
  // What has no such endpoint answers in a form of its own.
  if (status === 404 || status === 405) throw unsupported({ status })
  let answer: unknown
  try {
    answer = await oauth.processDeviceAuthorizationResponse(serverMetadata(server), CLIENT, response)
  } catch (error) {
    throw refusalOf(error, status)
  }
  const parsed = v.safeParse(DeviceAuthorizationResponse, answer)
  if (!parsed.success) throw notUnderstood(status)
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } =
    parsed.output
  const userCode = tidyText(user_code, 64)
  const verificationUri = ownAddress(verification_uri, server)
  const complete = verification_uri_complete && ownAddress(verification_uri_complete, server)
  if (userCode === "") throw notUnderstood(status)
  if (verificationUri === null || complete === null) {
    const message = "The server named an address for the sign-in that is not its own."
    throw new SignInError("bad_response", message, { details: { status } })
  }
  return {
    deviceCode: device_code,
    userCode,
    verificationUri,
    ...(complete ? { verificationUriComplete: complete } : {}),
    expiresInMs: expires_in * 1000,
    intervalMs: (interval ?? DEVICE_POLL_INTERVAL_SECONDS) * 1000,
  }
}

/**
 * Polls once at `POST /oauth/token` (RFC 8628 §3.4).
 * @param request.now milliseconds since the epoch: what `Retry-After` dates and the token's lifetime are
 * counted from
 * @throws SignInError `denied`, `timeout` (the code has expired), `refused`, `bad_response` or `aborted`
 */
export async function pollForToken(
  request: {
    deviceCode: string
    codeVerifier: string
    expiresInSeconds: number | undefined
    now: () => number
  },
  transport: DeviceTransport,
): Promise<PollAnswer> {
  const { deviceCode, codeVerifier, expiresInSeconds, now } = request
  const sentAt = now()
  try {
    const response = await oauth.deviceCodeGrantRequest(
      serverMetadata(transport.server),
      CLIENT,
      oauth.None(),
      deviceCode,
      {
        ...optionsFor(transport),
        additionalParameters: {
          code_verifier: codeVerifier,
          ...(expiresInSeconds === undefined ? {} : { expires_in_seconds: String(expiresInSeconds) }),
        },
      },
    )
    return await judgePoll(response, { server: transport.server, sentAt, now: now() })
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    if (error.kind === "aborted") throw cancelled()
    if (error.kind === "too_large") throw requestFailure(error, transport.server)
    return { answer: "unavailable", reason: error.reason }
  }
}

async function judgePoll(
  response: Response,
  asked: { server: string; sentAt: number; now: number },
): Promise<PollAnswer> {
  const { status } = response
  if (isRedirect(status)) throw redirected(status)
  if (status === 429 || status >= 500) {
    const retryAfterMs = retryAfterOf(response.headers, asked.now)
    const reason = `the server answered ${status}`
    return { answer: "unavailable", reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  }
  let answer: unknown
  try {
    answer = await oauth.processDeviceCodeResponse(serverMetadata(asked.server), CLIENT, response)
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) {
      if (error.error === WIRE_ERRORS.authorizationPending) return { answer: "pending" }
      if (error.error === WIRE_ERRORS.slowDown) return { answer: "slow_down" }
      if (error.error === WIRE_ERRORS.accessDenied) {
        throw new SignInError("denied", "Sign-in was denied.", { details: { error: error.error } })
      }
      if (error.error === WIRE_ERRORS.expiredToken) throw codeExpired()
    }
    throw refusalOf(error, status)
  }
  const parsed = v.safeParse(OAuthTokenResponse, answer)
  if (!parsed.success) throw notUnderstood(status)
  const { access_token, token_type, expires_in, session_id, account } = parsed.output
  // By the server's clock, as the expiry of a code's token is.
  const date = Date.parse(response.headers.get("date") ?? "")
  const expiresAt = new Date((Number.isNaN(date) ? asked.sentAt : date) + expires_in * 1000)
  if (token_type !== "bearer" || account === undefined || Number.isNaN(expiresAt.getTime())) {
    throw notUnderstood(status)
  }
  const login: IssuedLogin = {
    credential: { token: access_token, expiresAt: expiresAt.toISOString(), server: asked.server },
    sessionId: tidyText(session_id, 128),
    account: { id: tidyText(account.id, 128), email: tidyText(account.email), name: tidyText(account.name) },
    expiresInSeconds: expires_in,
  }
  return { answer: "login", login }
}

function codeExpired(): SignInError {
  return new SignInError("timeout", "The code expired before it was approved.", {
    details: { error: WIRE_ERRORS.expiredToken },
  })
}

/** The library's errors carry the whole answer, which may hold a token: none of them is passed on. */
function refusalOf(error: unknown, status: number): SignInError {
  if (error instanceof oauth.ResponseBodyError) {
    const { error: code, error_description: description } = error
    const lacking: string[] = [WIRE_ERRORS.unauthorizedClient, WIRE_ERRORS.unsupportedGrantType]
    return lacking.includes(code)
      ? unsupported({ status, error: code })
      : refusal(status, { error: code, description })
  }
  return status === 200 ? notUnderstood(status) : refusal(status)
}

function unsupported(details: { status: number; error?: string }): SignInError {
  const message = "The server has no sign-in by code for this command."
  return new SignInError("refused", message, { details: { ...details, unsupported: true } })
}

function serverMetadata(server: string): oauth.AuthorizationServer {
  return {
    issuer: server,
    device_authorization_endpoint: `${server}${OAUTH_PATHS.deviceAuthorization}`,
    token_endpoint: `${server}${OAUTH_PATHS.token}`,
  }
}

function optionsFor({ server, fetch: send, timeoutMs = REQUEST_TIMEOUT_MS, signal }: DeviceTransport) {
  return {
    [oauth.customFetch]: fetchWithin({ fetch: send, timeoutMs, signal }),
    // `parseServerUrl` lets http through on loopback only.
    [oauth.allowInsecureRequests]: server.startsWith("http:"),
  }
}
