import { isAboutTls, reasonOfCode } from "../admin/network-reason.ts"
import { codeIn, NetworkFailure } from "./network-failure.ts"
import type { ProxyServer } from "./proxy-from-env.ts"

/** The proxy itself could not be spoken to. */
export function proxyUnreachable(proxy: ProxyServer, cause: unknown): NetworkFailure {
  const code = codeIn(cause)
  const reason = `the proxy ${proxy.origin} could not be reached`
  return new NetworkFailure(reason, {
    message: `The proxy ${proxy.origin} could not be reached: ${reasonOfCode(code)}.`,
    hint: isAboutTls(code)
      ? `A proxy that is spoken to without TLS is written http://… in ${proxy.variable}; an authority of your own is named with NODE_EXTRA_CA_CERTS.`
      : `Check ${proxy.variable}, or unset it where no proxy is needed; NO_PROXY names the hosts that need none.`,
    cause,
  })
}

/** The proxy answered, and would not open the way to the server. `status` is its HTTP status. */
export function proxyRefusal(proxy: ProxyServer, host: string, status: number): NetworkFailure {
  const { origin, variable } = proxy
  if (status === 407) {
    const given = proxy.authorization !== undefined
    const reason = given
      ? `the proxy ${origin} does not accept the user and password (407)`
      : `the proxy ${origin} asks for a user and password (407)`
    return new NetworkFailure(reason, {
      message: `${reason.replace(/^the/, "The")}.`,
      hint: `Set ${variable} to http://user:password@host:port, with special characters percent-encoded.`,
      retryable: false,
    })
  }
  const reason = `the proxy ${origin} did not connect to ${host} (${status})`
  return new NetworkFailure(reason, {
    message: `${reason.replace(/^the/, "The")}.`,
    hint:
      status >= 500
        ? `Check the address of the server, then try again. NO_PROXY=${host} goes there without the proxy.`
        : `The proxy does not allow it. NO_PROXY=${host} goes there without the proxy.`,
    retryable: status >= 500,
  })
}
