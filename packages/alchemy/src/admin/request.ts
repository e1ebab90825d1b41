import { CLIError } from "../errors.ts"
import { printable } from "../output/printable.ts"
import { networkReason } from "./network-reason.ts"

/** The largest response body that is read, in bytes. */
const MAX_RESPONSE_BYTES = 1024 * 1024

const ADDRESS_HINT =
  "Check that the address is that of the admin API: `alchemy setup status` shows what is configured."

export type AdminRequest = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** Path and query below the base URL, for example `/v1/apps?limit=25`. */
  path: string
  body?: unknown
  /** The entity tag of the answer is needed as the server gives it: a proxy that compresses on the way makes it a weak one. */
  forTag?: boolean
  /** The entity tag that what is changed must still have (RFC 9110 §13.1.1). */
  ifMatch?: string | undefined
}

/** How a request is authorised. `origin` names the credential for people. */
export type AdminCredential = { kind: "auth-token" | "access-key"; secret: string; origin: string }

export type AdminTransport = {
  baseUrl: string
  fetch: typeof fetch
  now: () => number
  timeoutMs: number
  signal: AbortSignal
  onDetail: (detail: string) => void
}

/** What a server answered: the status, `Retry-After`, the strong entity tag of what is in the body (RFC 9110 §8.8.3) and the text of the body. */
export type AdminAnswer = { status: number; retryAfter: string | null; tag: string | null; body: string }

/** A weak tag is as good as none: no condition can be made of it. */
const STRONG_TAG = /^"[\x21\x23-\x7e]{0,200}"$/

/**
 * Sends one request. Redirects are not followed, the time limit covers the body, and the body is bounded.
 * @throws CLIError `NETWORK_ERROR` where there is no answer, `ADMIN_API_ERROR` where it is too large, as for a 401 where the credential has
 * characters that none has and no header can carry
 */
export async function sendAdminRequest(
  request: AdminRequest,
  credential: AdminCredential,
  transport: AdminTransport,
): Promise<AdminAnswer> {
  const { baseUrl, timeoutMs, signal } = transport
  if (!/^[\x21-\x7e]+$/.test(credential.secret)) throw unauthorized(credential)
  const began = transport.now()
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  try {
    const response = await transport.fetch(baseUrl + request.path, {
      method: request.method,
      redirect: "manual",
      signal: limit,
      headers: {
        accept: "application/json",
        authorization: `Bearer ${credential.secret}`,
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...(request.forTag === true ? { "accept-encoding": "identity" } : {}),
        ...(request.ifMatch === undefined ? {} : { "if-match": request.ifMatch }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    const body = await boundedText(response)
    transport.onDetail(
      `${request.method} ${baseUrl}${request.path}: ${response.status} in ${transport.now() - began} ms`,
    )
    const { status, headers } = response
    const tag = headers.get("etag") ?? ""
    return { status, retryAfter: headers.get("retry-after"), tag: STRONG_TAG.test(tag) ? tag : null, body }
  } catch (cause) {
    if (cause instanceof CLIError) throw cause
    if (signal.aborted) throw new CLIError("INTERRUPTED", "Interrupted.", { cause })
    const reason = networkReason(limit.aborted ? limit.reason : cause, timeoutMs)
    transport.onDetail(`${request.method} ${baseUrl}${request.path}: ${reason}`)
    throw new CLIError("NETWORK_ERROR", `${baseUrl} could not be reached: ${reason}.`, {
      hint: /TLS/.test(reason)
        ? "Check the address. An authority of your own is named with NODE_EXTRA_CA_CERTS."
        : "Check the connection and the address, then try again. `alchemy setup status` shows what is configured.",
      cause,
    })
  }
}

/** @throws CLIError `ADMIN_API_ERROR` where the body is too large */
export async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > MAX_RESPONSE_BYTES) {
      throw new CLIError("ADMIN_API_ERROR", "The server's answer is larger than 1 MiB and was not read.")
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

/**
 * Judges an answer: the parsed JSON of a success, `undefined` for 204.
 * @throws CLIError by the status: 401 `AUTH_REQUIRED` or `INVALID_ACCESS_KEY`, 404 `NOT_FOUND`, 429 `RATE_LIMITED`, others `ADMIN_API_ERROR`
 */
export function judgeAdminAnswer(answer: AdminAnswer, credential: AdminCredential): unknown {
  const { status } = answer
  const content = parsed(answer.body)
  if (status >= 200 && status < 300) {
    if (status === 204) return undefined
    if (content !== undefined) return content
    throw new CLIError("ADMIN_API_ERROR", "The server answered with something that is not JSON.", {
      hint: ADDRESS_HINT,
      status,
    })
  }
  const said = messageOf(content)
  const says = (fallback: string) => (said === undefined ? fallback : said)
  if (status === 401) throw unauthorized(credential)
  // Without a message it is not the admin API that misses something: it is something else that answers at its address.
  if (status === 404 && said !== undefined) {
    throw new CLIError("NOT_FOUND", said, { hint: "`alchemy apps list` shows what there is.", status })
  }
  const wait = /^\d{1,6}$/.test(answer.retryAfter ?? "") ? ` in ${answer.retryAfter} seconds` : " later"
  if (status === 429) {
    throw new CLIError("RATE_LIMITED", says("There were too many requests."), {
      hint: `Try again${wait}.`,
      status,
    })
  }
  if (status >= 300 && status < 400) {
    throw new CLIError(
      "ADMIN_API_ERROR",
      `The server answered with a redirect (${status}), which is not followed.`,
      {
        hint: "Check ALCHEMY_ADMIN_API_BASE_URL or `alchemy config get admin-url`.",
        status,
      },
    )
  }
  const kind = credential.kind === "access-key" ? "access key" : "token"
  const hints: Readonly<Record<number, string>> = {
    403: `The ${kind} (${credential.origin}) lacks the right for this.`,
    404: ADDRESS_HINT,
  }
  throw new CLIError("ADMIN_API_ERROR", says(`The server answered ${status}.`), {
    hint: status >= 500 ? `Try again${wait}.` : hints[status],
    status,
    retryable: status >= 500,
  })
}

function unauthorized(credential: AdminCredential): CLIError {
  if (credential.kind === "access-key") {
    return new CLIError(
      "INVALID_ACCESS_KEY",
      `The server does not accept the access key (${credential.origin}).`,
      {
        hint: "Set another with ALCHEMY_ACCESS_KEY or `alchemy config set access-key`, or remove it and run `alchemy auth login`.",
        status: 401,
      },
    )
  }
  const environment = credential.origin === "environment"
  return new CLIError(
    "AUTH_REQUIRED",
    environment
      ? "The server does not accept the token in ALCHEMY_AUTH_TOKEN."
      : "The server no longer accepts the stored sign-in.",
    {
      hint: environment
        ? "Set another token, or unset ALCHEMY_AUTH_TOKEN and run `alchemy auth login`."
        : "Run `alchemy auth login` to sign in again.",
      status: 401,
    },
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function messageOf(content: unknown): string | undefined {
  if (typeof content !== "object" || content === null || !("message" in content)) return undefined
  return typeof content.message === "string" && content.message !== ""
    ? printable(content.message, 300)
    : undefined
}
