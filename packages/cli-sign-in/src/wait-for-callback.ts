import type { IncomingMessage, ServerResponse } from "node:http"
import { CALLBACK_PATH } from "@authchemy/protocol"
import { AuthorizationResponseError, validateAuthResponse } from "oauth4webapi"
import { type CallbackServer, refuse } from "./callback-server.ts"
import { equalInConstantTime } from "./constant-time.ts"
import { SignInError } from "./errors.ts"
import { PAGE_HEADERS, type Page } from "./pages.ts"
import { cancelled } from "./request-failures.ts"
import { isIssuer } from "./server-url.ts"

/** How long a browser may take to receive its page, in milliseconds. */
const RESPOND_TIMEOUT_MS = 1_000

/** The authorization response (RFC 6749 §4.1.2): a code, or a refusal. The browser waits until `respond` is called. */
export type CallbackAnswer = ({ code: string } | { error: string }) & {
  /** Shows the page that says what truly happened. Resolves when it was sent, or could not be. */
  respond(page: Page): Promise<void>
}

type Judgement =
  | { accepted: { code: string } | { error: string } }
  | { accepted?: undefined; status: number; reason: string }

/**
 * Waits for the authorization response of this sign-in. Everything else that arrives (another path, method, host or `state`, a
 * wrong or missing `iss` (RFC 9207), a request of a script or a prefetch, a second hit) is answered 4xx and waited past.
 *
 * @param options.state the `state` that was sent, compared in constant time
 * @param options.issuer the auth URL, without a trailing slash
 * @param options.onIgnored is told a fixed phrase, nothing of the request
 * @throws SignInError `timeout` after `timeoutMs`, `aborted` when `signal` is
 */
export function waitForCallback(
  server: CallbackServer,
  options: {
    state: string
    issuer: string
    timeoutMs: number
    onIgnored?: (reason: string) => void
    signal?: AbortSignal | undefined
  },
): Promise<CallbackAnswer> {
  const { signal, timeoutMs, onIgnored } = options
  return new Promise((resolve, reject) => {
    let answered = false
    const stop = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", onAbort)
    }
    const fail = (error: SignInError) => {
      answered = true
      stop()
      reject(error)
    }
    const onAbort = () => fail(cancelled())
    const timer = setTimeout(() => {
      const message = `No sign-in arrived from the browser within ${timeoutMs / 1000} s.`
      fail(new SignInError("timeout", message, { details: { timeoutMs } }))
    }, timeoutMs)
    if (signal?.aborted) return onAbort()
    signal?.addEventListener("abort", onAbort, { once: true })

    server.handle((request, response) => {
      response.on("error", () => {})
      const judged = answered
        ? { status: 409, reason: "an answer after the first" }
        : judge(request, server.port, options)
      if (judged.accepted === undefined) {
        refuse(response, judged.status)
        onIgnored?.(judged.reason)
        return
      }
      answered = true
      stop()
      resolve({ ...judged.accepted, respond: (page) => show(response, page) })
    })
  })
}

function judge(
  request: IncomingMessage,
  port: number,
  expected: { state: string; issuer: string },
): Judgement {
  const no = (status: number, reason: string) => ({ status, reason })
  const { headersDistinct: headers } = request
  if (!isOwnHost(headers.host ?? [], port)) return no(421, "another host name")
  const [path, query] = splitOnce(request.url ?? "", "?")
  if (path !== CALLBACK_PATH) return no(404, "another path")
  if (request.method !== "GET") return no(405, "another method than GET")
  if (headers.origin !== undefined) return no(403, "sent by a page's script or form")
  const purposes = [
    ...(headers["sec-purpose"] ?? []),
    ...(headers.purpose ?? []),
    ...(headers["x-moz"] ?? []),
  ]
  if (purposes.some((purpose) => /prefetch|prerender|preview/i.test(purpose))) return no(403, "a prefetch")

  const parameters = new URLSearchParams(query)
  const names = [...parameters.keys()]
  if (new Set(names).size !== names.length) return no(400, "a parameter given twice")
  const state = parameters.get("state")
  if (state === null) return no(400, "no state")
  if (!equalInConstantTime(state, expected.state)) return no(400, "another state")
  const iss = parameters.get("iss")
  if (iss === null) return no(400, "no issuer")
  if (!isIssuer(iss, expected.issuer)) return no(400, "another issuer")
  const [code, error] = [parameters.get("code"), parameters.get("error")]
  if (code !== null && error !== null) return no(400, "a code and an error at once")
  try {
    // The issuer was judged above, where the names of loopback count as one; what is left are the rules of RFC 6749 and 9207.
    validateAuthResponse(
      { issuer: iss, authorization_response_iss_parameter_supported: true },
      { client_id: "cli" },
      parameters,
      expected.state,
    )
  } catch (failure) {
    if (failure instanceof AuthorizationResponseError) return { accepted: { error: failure.error } }
    return no(400, "not an authorization response")
  }
  if (code === null || code === "" || code.length > 512) return no(400, "neither a code nor an error")
  return { accepted: { code } }
}

/** A foreign name that resolves to this machine (DNS rebinding) is refused. Port 80 is left out of `Host` by browsers. */
function isOwnHost(hosts: string[], port: number): boolean {
  const [host] = hosts
  if (hosts.length !== 1 || host === undefined) return false
  return ["127.0.0.1", "localhost", "[::1]"].some(
    (name) => host === `${name}:${port}` || (port === 80 && host === name),
  )
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)]
}

function show(response: ServerResponse, page: Page): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, RESPOND_TIMEOUT_MS)
    if (response.destroyed) return done()
    response.once("close", done)
    response.writeHead(page.status, { ...PAGE_HEADERS, connection: "close" })
    response.end(page.html)
  })
}
