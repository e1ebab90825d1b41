const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was closed",
  UND_ERR_SOCKET: "the connection was closed",
  ENOTFOUND: "its name was not found",
  EAI_AGAIN: "its name could not be looked up",
  ENETUNREACH: "the network is unreachable",
  EHOSTUNREACH: "the host is unreachable",
  ETIMEDOUT: "the connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  CERT_HAS_EXPIRED: "its TLS certificate has expired, or this machine's clock is wrong",
  CERT_NOT_YET_VALID: "its TLS certificate is not valid yet, or this machine's clock is wrong",
  ERR_TLS_CERT_ALTNAME_INVALID: "its TLS certificate is for another name",
}

/** Why a request could not be made, as one phrase for people. `cause` is what `fetch` or a body reader threw. */
export function networkReason(cause: unknown, timeoutMs: number): string {
  if (cause instanceof DOMException && cause.name === "TimeoutError") {
    return `there was no answer within ${timeoutMs / 1000} s`
  }
  const code = codeOf(cause)
  if (code === undefined) return "the connection failed"
  const known = REASONS[code]
  if (known !== undefined) return known
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(code)) {
    return `its TLS certificate or connection was not accepted (${code})`
  }
  return `the connection failed (${code})`
}

/** What ends a request before there is a connection to send it through. */
const UNSENT: ReadonlySet<string | undefined> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
])

/** Whether a request surely never left. `cause` as for `networkReason`. */
export function isUnsent(cause: unknown): boolean {
  return UNSENT.has(codeOf(cause))
}

/** The first error code in a chain of causes (undici puts the socket's error below its own). */
function codeOf(cause: unknown): string | undefined {
  for (let error = cause, depth = 0; error instanceof Error && depth < 5; depth++) {
    const inner = error instanceof AggregateError ? error.errors[0] : undefined
    const code = "code" in error ? error.code : undefined
    if (typeof code === "string" && /^[A-Z0-9_]{1,60}$/.test(code)) return code
    error = inner ?? error.cause
  }
  return undefined
}
