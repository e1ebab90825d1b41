import { codeIn } from "../network/network-failure.ts"

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
  return reasonOfCode(codeIn(cause))
}

/** The same for the code of a system error; empty: none is known. */
export function reasonOfCode(code: string): string {
  if (code === "") return "the connection failed"
  const known = REASONS[code]
  if (known !== undefined) return known
  return isAboutTls(code)
    ? `its TLS certificate or connection was not accepted (${code})`
    : `the connection failed (${code})`
}

/** Whether a code says that TLS did not come about. */
export function isAboutTls(code: string): boolean {
  return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(code)
}

/** What ends a request before there is a connection to send it through. */
const UNSENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
])

/** Whether a request surely never left. `cause` as for `networkReason`. */
export function isUnsent(cause: unknown): boolean {
  return UNSENT.has(codeIn(cause))
}
