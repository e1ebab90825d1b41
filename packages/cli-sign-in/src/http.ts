import { errorCodeOf } from "./error-code.ts"
import { tidyText } from "./errors.ts"

/** What a server answered, read in full and bounded. */
export type Answer = { status: number; headers: Headers; body: string }

/** The request failed before, or in the middle of, an answer. `reason` is one phrase for people. */
export class RequestError extends Error {
  readonly reason: string
  /** Whether a response had begun. */
  readonly responded: boolean
  readonly kind: "network" | "timeout" | "aborted" | "too_large"

  constructor(kind: RequestError["kind"], reason: string, more: { responded: boolean; cause?: unknown }) {
    super(reason, more.cause === undefined ? {} : { cause: more.cause })
    this.name = "RequestError"
    this.kind = kind
    this.reason = reason
    this.responded = more.responded
  }
}

/** The largest answer that is read, in bytes. */
export const MAX_ANSWER_BYTES = 64 * 1024

/** How long one request of a sign-in may take, in milliseconds, from the first packet to the last. */
export const REQUEST_TIMEOUT_MS = 10_000

type Limits = {
  timeoutMs: number
  fetch: typeof fetch
  signal?: AbortSignal | undefined
}
type Request = { method: string; headers: Record<string, string>; body?: string | URLSearchParams }

/**
 * Posts JSON (or nothing) and reads the answer: `timeoutMs` for the whole, redirects not followed, at most `MAX_ANSWER_BYTES`.
 * @throws RequestError
 */
export function post(
  request: Limits & { url: string; headers?: Record<string, string>; json?: unknown },
): Promise<Answer> {
  const { url, json } = request
  const headers = {
    accept: "application/json",
    ...(json === undefined ? {} : { "content-type": "application/json" }),
    ...request.headers,
  }
  const body = json === undefined ? {} : { body: JSON.stringify(json) }
  return send(url, { method: "POST", headers, ...body }, request)
}

/**
 * A `fetch` with the same limits, for code that sends its requests by itself. Its response is read already.
 * @throws RequestError
 */
export function fetchWithin(limits: Limits): (url: string, request: Request) => Promise<Response> {
  return async (url, { method, headers, body }) => {
    const answer = await send(url, { method, headers, ...(body === undefined ? {} : { body }) }, limits)
    const { status } = answer
    if (status < 200 || status > 599) {
      throw new RequestError("network", `an answer of the unknown status ${status}`, { responded: true })
    }
    const bodiless = [204, 205, 304].includes(status)
    return new Response(bodiless ? null : answer.body, { status, headers: answer.headers })
  }
}

async function send(url: string, request: Request, limits: Limits): Promise<Answer> {
  const ended = new AbortController()
  let responded = false
  const timeout = setTimeout(() => ended.abort("timeout"), limits.timeoutMs)
  const onAbort = () => ended.abort("aborted")
  limits.signal?.addEventListener("abort", onAbort, { once: true })
  if (limits.signal?.aborted) onAbort()
  // A `fetch` that is passed in may not heed its signal: the limit holds all the same.
  const limit = new Promise<never>((_, reject) => {
    if (ended.signal.aborted) reject(ended.signal.reason)
    ended.signal.addEventListener("abort", () => reject(ended.signal.reason), { once: true })
  })
  try {
    return await Promise.race([answerTo(), limit])
  } catch (error) {
    if (error instanceof RequestError) throw error
    if (ended.signal.reason === "aborted") throw new RequestError("aborted", "cancelled", { responded })
    if (ended.signal.reason === "timeout") {
      throw new RequestError("timeout", `no answer within ${limits.timeoutMs / 1000} s`, { responded })
    }
    throw new RequestError("network", networkReason(error), { responded, cause: error })
  } finally {
    clearTimeout(timeout)
    limits.signal?.removeEventListener("abort", onAbort)
    ended.abort("over")
  }

  async function answerTo(): Promise<Answer> {
    const response = await limits.fetch(url, { ...request, redirect: "manual", signal: ended.signal })
    responded = true
    // A redirect has nothing to say in its body.
    const body = isRedirect(response.status) ? "" : await read(response)
    return { status: response.status, headers: response.headers, body }
  }
}

/** The milliseconds that a `Retry-After` names, as seconds or as a date (RFC 9110 §10.2.3). */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const value = headers.get("retry-after") ?? ""
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const date = / GMT$/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** Whether an answer is a redirect (status 0: an opaque one). None is ever followed. */
export function isRedirect(status: number): boolean {
  return status === 0 || (status >= 300 && status < 400)
}

async function read(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > MAX_ANSWER_BYTES) {
      throw new RequestError("too_large", `an answer of more than ${MAX_ANSWER_BYTES / 1024} KiB`, {
        responded: true,
      })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection closed by the server",
  EPIPE: "connection closed by the server",
  UND_ERR_SOCKET: "connection closed by the server",
  ENOTFOUND: "name not found",
  EAI_AGAIN: "name look-up failed",
  ETIMEDOUT: "connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "connection timed out",
  UND_ERR_HEADERS_TIMEOUT: "connection timed out",
  UND_ERR_BODY_TIMEOUT: "connection timed out",
  EHOSTUNREACH: "no route to the server",
  ENETUNREACH: "network unreachable",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "the server's certificate is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the server's certificate is not trusted",
  CERT_HAS_EXPIRED: "the server's certificate has expired, or this machine's clock is wrong",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet, or this machine's clock is wrong",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another name",
}

/**
 * By the code alone: the messages of `fetch` quote header values, and those may be secrets. A `fetch` that is passed in may
 * know better: an error of its own with a `reason`, one phrase for people.
 */
function networkReason(error: unknown): string {
  if (error instanceof Error && "reason" in error && typeof error.reason === "string") {
    return tidyText(error.reason)
  }
  const cause = error instanceof Error ? error.cause : undefined
  const code = errorCodeOf(cause) || errorCodeOf(error)
  return (
    REASONS[code] ??
    (/^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? `connection failed: ${code}` : "connection failed")
  )
}
