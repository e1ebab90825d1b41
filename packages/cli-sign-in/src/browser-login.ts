import { randomBytes as secureRandomBytes } from "node:crypto"
import {
  type AccountSummary,
  AUTH_PORT,
  approvalPhraseOf,
  codeChallengeOf,
  codeVerifierFrom,
  tidyClaim,
} from "@authchemy/protocol"
import type { Credential } from "./credentials/credentials.ts"
import { SignInError } from "./errors.ts"
import { askToEnd, LOGOUT_TIMEOUT_MS } from "./logout.ts"
import type { Page } from "./pages.ts"
import { parseServerUrl } from "./server-url.ts"

/** What happens during sign-in, in this order; the browser events and `request-ignored` at any time after `approval`. */
export type SignInEvent =
  /** The listener is bound. `fallback` says why the preferred port was not taken, e.g. "EADDRINUSE". */
  | { type: "listening"; port: number; preferredPort: number; fallback?: string }
  | { type: "approval"; url: string; phrase: string; timeoutMs: number }
  | { type: "browser-opened" }
  | { type: "browser-failed"; reason: string }
  | { type: "request-ignored"; reason: string }
  | { type: "exchanging" }
  | { type: "stored" }

export type BrowserLoginOptions = {
  /** Auth URL, for example `https://auth.example.com`; https unless loopback. */
  authUrl: string
  /** Program and version shown for approval, for example `alchemy-cli/1.0.0`. */
  client: string
  device: { name: string; os: string }
  /** Default AUTH_PORT. 0: any. */
  port?: number
  /** Whole seconds; the server caps it at 90 days. */
  expiresInSeconds?: number
  /** How long the browser's answer is waited for, in milliseconds. Default 5 minutes. */
  timeoutMs?: number
  /**
   * Called with the URL once it has been reported; not awaited (it may wait for a person first); aborted through `signal` when
   * sign-in ends. A rejection becomes `browser-failed`, with its message as the reason. `null`: never.
   */
  openBrowser: ((url: string, signal: AbortSignal) => Promise<void>) | null
  /** Stores the credential. The browser is told of success only after this has resolved. */
  save: (login: LoginResult) => Promise<void>
  onEvent?: (event: SignInEvent) => void
  signal?: AbortSignal
  fetch?: typeof fetch
  /** Milliseconds since the epoch. */
  now?: () => number
  /** A cryptographically secure source; Node's where left out. */
  randomBytes?: (size: number) => Uint8Array
  /** How a pause between two tries of the exchange is waited out; ends early when the signal is aborted. */
  delay?: (milliseconds: number, signal?: AbortSignal) => Promise<void>
}

export type LoginResult = {
  credential: Credential
  sessionId: string
  account: AccountSummary
  expiresInSeconds: number
}

const FIVE_MINUTES_MS = 5 * 60 * 1000

/**
 * Signs a person in through the browser (RFC 8252, with PKCE S256 of RFC 7636, `state`, and `iss` of RFC 9207): binds the
 * loopback listener, reports the URL, waits for the answer, redeems the code, has the credential saved, and only then shows
 * the browser what happened. When it settles, the listener and its connections are gone.
 *
 * @throws SignInError
 */
export async function performBrowserLogin(options: BrowserLoginOptions): Promise<LoginResult> {
  const { onEvent = () => {}, signal, port = AUTH_PORT, timeoutMs = FIVE_MINUTES_MS } = options
  const { fetch: send = fetch, randomBytes = secureRandomBytes } = options
  const server = parseServerUrl(options.authUrl)
  if (signal?.aborted) throw cancelled()
  // Loaded here, so that a command which does not sign in does not pay for a web server.
  const [{ openCallbackServer }, { waitForCallback }, { buildLoginUrl }, { exchangeCodeForToken }, pages] =
    await Promise.all([
      import("./callback-server.ts"),
      import("./wait-for-callback.ts"),
      import("./login-url.ts"),
      import("./exchange.ts"),
      import("./pages.ts"),
    ])

  const callbackServer = await openCallbackServer({ port })
  const ended = new AbortController()
  try {
    const { redirectUrl, fallback } = callbackServer
    onEvent({
      type: "listening",
      port: callbackServer.port,
      preferredPort: port,
      ...(fallback === undefined ? {} : { fallback }),
    })
    const codeVerifier = codeVerifierFrom(randomBytes)
    const codeChallenge = codeChallengeOf(codeVerifier)
    const state = Buffer.from(randomBytes(32)).toString("base64url")
    const { client, device } = options
    const url = buildLoginUrl({ server, redirectUrl, codeChallenge, state, client, device })
    const waiting = waitForCallback(callbackServer, {
      state,
      issuer: server,
      timeoutMs,
      signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]),
      onIgnored: (reason) => onEvent({ type: "request-ignored", reason }),
    })
    waiting.catch(() => {})
    onEvent({ type: "approval", url, phrase: approvalPhraseOf(codeChallenge), timeoutMs })
    if (options.openBrowser !== null) startBrowser(options.openBrowser, url, ended.signal, onEvent)

    const answer = await waiting
    ended.abort()
    if ("error" in answer) {
      await answer.respond(pages.DENIED_PAGE)
      throw denied(answer.error)
    }

    onEvent({ type: "exchanging" })
    const failed = async (page: Page, error: unknown) => {
      await answer.respond(page)
      throw error
    }
    let login: LoginResult
    try {
      login = await exchangeCodeForToken({
        server,
        body: {
          code: answer.code,
          redirect_uri: redirectUrl,
          code_verifier: codeVerifier,
          ...(options.expiresInSeconds === undefined ? {} : { expires_in_seconds: options.expiresInSeconds }),
          device: {
            name: tidyClaim(device.name),
            os: tidyClaim(device.os),
            client: tidyClaim(client),
          },
        },
        fetch: send,
        signal,
        ...(options.delay === undefined ? {} : { delay: options.delay }),
        ...(options.now === undefined ? {} : { now: options.now }),
      })
    } catch (error) {
      const aborted = error instanceof SignInError && error.code === "aborted"
      return await failed(aborted ? pages.CANCELLED_PAGE : pages.EXCHANGE_FAILED_PAGE, error)
    }
    try {
      await options.save(login)
    } catch (cause) {
      // A session that nobody can use or end must not stay behind.
      const credential = { token: login.credential.token }
      await askToEnd({ server, credential, timeoutMs: LOGOUT_TIMEOUT_MS, fetch: send })
      const error = new SignInError("storage", "The credential could not be saved.", { cause })
      return await failed(pages.NOT_SAVED_PAGE, error)
    }
    onEvent({ type: "stored" })
    await answer.respond(pages.SIGNED_IN_PAGE)
    return login
  } finally {
    ended.abort()
    await callbackServer.close()
  }
}

function startBrowser(
  open: (url: string, signal: AbortSignal) => Promise<void>,
  url: string,
  signal: AbortSignal,
  onEvent: (event: SignInEvent) => void,
): void {
  open(url, signal).then(
    () => {
      if (!signal.aborted) onEvent({ type: "browser-opened" })
    },
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      if (!signal.aborted) onEvent({ type: "browser-failed", reason })
    },
  )
}

/** The code in the redirect comes from a server, by way of a browser: only the known spelling of one is passed on. */
function denied(error: string): SignInError {
  const code = /^[a-z_]{1,64}$/.test(error) ? error : "unknown"
  const message =
    code === "access_denied"
      ? "Sign-in was denied in the browser."
      : `The server refused the sign-in (${code}).`
  return new SignInError("denied", message, { details: { error: code } })
}

function cancelled(): SignInError {
  return new SignInError("aborted", "Sign-in was cancelled.")
}
