import { fetchOver, type Route } from "./fetch-over.ts"
import { codeIn, NetworkFailure } from "./network-failure.ts"
import { extraCertificatesFault, systemCertificates } from "./trusted-certificates.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** How long an address is given in the second try. The runtime gives it a quarter of a second. */
const ADDRESS_TIMEOUT_MS = 4_000

const ISSUER_UNKNOWN: ReadonlySet<string> = new Set([
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
])

/** A request that failed, how it went, and what to tell of a route that works. */
export type Failed = {
  input: string | URL | Request
  init: RequestInit | undefined
  url: URL
  cause: unknown
  route: Route
  env: Environment
  found: (better: Route) => void
}

/**
 * Sends a request a second time where the first had not begun to be sent, for a reason that another route may
 * not have: an authority that only the system knows, or an address that did not answer at once. Otherwise
 * throws the first failure.
 * @throws NetworkFailure where no authority that is known signed the certificate
 */
export async function secondTry(failed: Failed): Promise<Response> {
  const { input, init, url, cause, env } = failed
  const better = betterRoute(failed)
  if (better === undefined || !isWhole(input, init)) throw explained(cause, url, env)
  try {
    const response = await fetchOver(better, input, init)
    failed.found(better)
    return response
  } catch (again) {
    throw explained(again, url, env)
  }
}

function betterRoute({ cause, route, env }: Failed): Route | undefined {
  const code = codeIn(cause)
  // Of the proxy's own certificate too, where it is spoken to in TLS.
  if (ISSUER_UNKNOWN.has(code) && route.certificates === undefined) {
    const certificates = systemCertificates(env)
    return certificates.length === 0 ? undefined : { ...route, certificates }
  }
  // An address that takes longer than the runtime waits, and a next one that leads nowhere.
  const hasty = route.proxy === undefined && route.addressTimeoutMs === undefined
  if (hasty && code === "ETIMEDOUT" && isOfSeveralAddresses(cause)) {
    return { ...route, addressTimeoutMs: ADDRESS_TIMEOUT_MS }
  }
  return undefined
}

function isOfSeveralAddresses(error: unknown): boolean {
  return error instanceof Error && (error instanceof AggregateError || isOfSeveralAddresses(error.cause))
}

/** Whether the request can be sent again: a stream has been read. */
function isWhole(input: string | URL | Request, init: RequestInit | undefined): boolean {
  return !(input instanceof Request && input.body !== null) && !(init?.body instanceof ReadableStream)
}

/** An unknown authority in words. Other failures as they are, those of a proxy among them. */
function explained(error: unknown, url: URL, env: Environment): unknown {
  const code = codeIn(error)
  if (error instanceof NetworkFailure || !ISSUER_UNKNOWN.has(code)) return error
  const reason = "its certificate is signed by an authority that this machine does not know"
  return new NetworkFailure(reason, {
    message: `${url.origin} could not be reached: ${reason} (${code}).`,
    hint:
      extraCertificatesFault(env) ??
      "Where a proxy or a company signs certificates, save its authority as a PEM file and set NODE_EXTRA_CA_CERTS to its path. Otherwise somebody else may be answering: check the address.",
    retryable: false,
    cause: error,
  })
}
