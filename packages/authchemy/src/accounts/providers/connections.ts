import { isLoopbackHost } from "@authchemy/protocol"
import type { Configuration } from "openid-client"
import type { Logger } from "pino"
import { ProviderUnavailableError } from "../built-in.ts"
import { describeFault } from "./faults.ts"
import type { ProviderSettings } from "./provider-settings.ts"

/** How long what a provider says of itself is believed, in milliseconds. */
const DISCOVERED_MS = 60 * 60 * 1000
/** The longest answer of a provider that is read, in bytes: metadata and keys are a few KiB. */
const LONGEST_ANSWER = 256 * 1024

/** What providers say of themselves, and how to talk to them. */
export type Connections = {
  /**
   * Asks the provider at most once an hour; where it did not answer, again at the next call.
   * @throws ProviderUnavailableError
   */
  to(provider: ProviderSettings): Promise<Configuration>
}

/**
 * Finds providers by OpenID Connect Discovery 1.0. The library is loaded when somebody first needs it.
 * @param options.requestSeconds how long one request to a provider may take
 * @param options.now milliseconds since the epoch
 */
export function createConnections(options: {
  fetch: typeof globalThis.fetch
  requestSeconds: number
  now: () => number
  logger: Logger
}): Connections {
  const { requestSeconds, now, logger } = options
  const known = new Map<string, { at: number; connection: Promise<Configuration> }>()
  const boundedFetch = bounded(options.fetch)

  const discover = async (provider: ProviderSettings): Promise<Configuration> => {
    const client = await import("openid-client")
    const issuer = new URL(provider.issuer)
    const connection = await client.discovery(
      issuer,
      provider.clientId,
      { client_secret: provider.clientSecret },
      // Basic is what a provider takes that does not say (OpenID Connect Discovery 1.0 §3).
      (server, ...call) => {
        const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"]
        const authenticate = methods.includes("client_secret_basic")
          ? client.ClientSecretBasic(provider.clientSecret)
          : client.ClientSecretPost(provider.clientSecret)
        authenticate(server, ...call)
      },
      {
        timeout: requestSeconds,
        [client.customFetch]: boundedFetch,
        execute:
          issuer.protocol === "http:" && isLoopbackHost(issuer.hostname)
            ? [client.allowInsecureRequests]
            : [],
      },
    )
    // TLS would do (OpenID Connect Core 1.0 §3.1.3.7, 6); the signature holds behind a proxy that ends it, too.
    client.enableNonRepudiationChecks(connection)
    return connection
  }

  return {
    async to(provider) {
      const found = known.get(provider.id)
      const age = found === undefined ? Number.POSITIVE_INFINITY : now() - found.at
      if (found !== undefined && age >= 0 && age < DISCOVERED_MS) return found.connection
      const connection = discover(provider).catch((error: unknown) => {
        known.delete(provider.id)
        logger.warn({ provider: provider.id, reason: describeFault(error) }, "provider out of reach")
        throw new ProviderUnavailableError(provider.name, error)
      })
      known.set(provider.id, { at: now(), connection })
      return connection
    },
  }
}

/** Reads an answer whole, within the time of its request, and refuses a longer one than any provider gives. */
function bounded(fetch: typeof globalThis.fetch) {
  return async (url: string, request: object): Promise<Response> => {
    const response = await fetch(url, request)
    const parts: Uint8Array[] = []
    let length = 0
    for await (const part of response.body ?? []) {
      length += part.byteLength
      if (length > LONGEST_ANSWER) throw new Error(`an answer has more than ${LONGEST_ANSWER} bytes`)
      parts.push(part)
    }
    const { status, headers } = response
    const hasBody = ![101, 204, 205, 304].includes(status)
    return new Response(hasBody ? Buffer.concat(parts) : null, { status, headers })
  }
}
