import { randomBytes as secureRandomBytes } from "node:crypto"
import { AUTH_PORT, approvalPhraseOf, codeChallengeOf, tidyClaim } from "@authchemy/protocol"
import { SignInError } from "./errors.ts"
import {
  APPROVAL_TIMEOUT_MS,
  type Attempt,
  anySignal,
  type LoginOptions,
  type LoginResult,
  newAttempt,
  type SignInEvent,
} from "./login.ts"
import type { Page } from "./pages.ts"
import { cancelled } from "./request-failures.ts"
import { saveLogin } from "./save-login.ts"
import { parseServerUrl } from "./server-url.ts"

export type BrowserLoginOptions = LoginOptions & {
  /** Default AUTH_PORT. 0: any. */
  port?: number
  /**
   * Called with the URL once it has been reported; not awaited (it may wait for a person first); aborted through `signal` when
   * sign-in ends. A rejection becomes `browser-failed`, with its message as the reason. `null`: never.
   */
  openBrowser: ((url: string, signal: AbortSignal) => Promise<void>) | null
}

/**
 * Signs a person in through the browser (RFC 8252, with PKCE S256 of RFC 7636, `state`, and `iss` of RFC 9207): binds the
 * loopback listener, reports the URL, waits for the answer, redeems the code, has the credential saved, and only then shows
 * the browser what happened. When it settles, the listener and its connections are gone.
 *
 * @throws SignInError
 */
export async function performBrowserLogin(options: BrowserLoginOptions): Promise<LoginResult> {
  return loginByBrowser(options, newAttempt(options))
}

/** The same, as one of two flows that share an attempt. @throws SignInError */
export async function loginByBrowser(options: BrowserLoginOptions, attempt: Attempt): Promise<LoginResult> {
  const { onEvent = () => {}, signal, port = AUTH_PORT, timeoutMs = APPROVAL_TIMEOUT_MS } = options
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
    const { codeVerifier } = attempt
    const codeChallenge = codeChallengeOf(codeVerifier)
    const state = Buffer.from(randomBytes(32)).toString("base64url")
    const { client, device } = options
    const url = buildLoginUrl({ server, redirectUrl, codeChallenge, state, client, device })
    const waiting = waitForCallback(callbackServer, {
      state,
      issuer: server,
      timeoutMs,
      signal: anySignal(signal, attempt.settled, ended.signal),
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
    const attemptId = crypto.randomUUID()
    const { now = Date.now, notes } = options
    const since = new Date(now()).toISOString()
    const { code } = answer
    try {
      const exchange = { kind: "code", code, redirectUri: redirectUrl, codeVerifier } as const
      await notes?.note({ id: attemptId, server, since, ...exchange })
    } catch (cause) {
      const message = "The sign-in could not be noted on this machine, so its token was not asked for."
      return await failed(pages.NOT_SAVED_PAGE, new SignInError("storage", message, { cause }))
    }
    let login: LoginResult
    try {
      const issued = await exchangeCodeForToken({
        server,
        body: {
          code,
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
        now,
      })
      login = { attemptId, ...issued }
    } catch (error) {
      // A refusal by the server leaves no session. What else went wrong may have: a gateway that gave up is no refusal.
      if (error instanceof SignInError && error.code === "refused" && error.details?.status === 400) {
        await notes?.forget(attemptId).catch(() => {})
      }
      const aborted = error instanceof SignInError && error.code === "aborted"
      return await failed(aborted ? pages.CANCELLED_PAGE : pages.EXCHANGE_FAILED_PAGE, error)
    }
    try {
      await saveLogin(login, server, options)
    } catch (error) {
      const superseded = error instanceof SignInError && error.code === "aborted"
      return await failed(superseded ? pages.SUPERSEDED_PAGE : pages.NOT_SAVED_PAGE, error)
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
