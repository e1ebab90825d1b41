import { isLoopbackHost } from "@authchemy/protocol"
import { AuthorizationServerError } from "./authorization-server-error.ts"
import { readBoundedText } from "./bounded-body.ts"

/** How a resource server talks to its authorization server. Each call rejects with an `AuthorizationServerError`. */
export type AuthorizationServer = {
  /**
   * Posts a form.
   * @param limitMs how long it may take, in milliseconds, the body included
   * @returns the JSON of a 200
   */
  post(path: string, fields: Readonly<Record<string, string>>, limitMs: number): Promise<unknown>
  /** Opens a stream of events. @param signal ends it @returns the body of a 200 */
  openEvents(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>
}

/** The largest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024

/**
 * @param options.issuer the server's origin: https, or http on this machine's own loopback
 * @param options.clientId this resource server, as it is registered there (`authchemy clients add … --resource-server --confidential`)
 * @throws TypeError where the issuer or the credentials cannot be used
 */
export function createAuthorizationServer(options: {
  issuer: string
  clientId: string
  clientSecret: string
  fetch: typeof globalThis.fetch
}): AuthorizationServer {
  const { clientId, clientSecret, fetch } = options
  const issuer = originOf(options.issuer)
  if (clientId === "" || clientSecret === "") {
    throw new TypeError(
      "clientId and clientSecret must not be empty: they are this API's own, as a resource server",
    )
  }
  const authorization = basicOf(clientId, clientSecret)

  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(issuer + path, { ...init, redirect: "manual" }).catch((cause: unknown) => {
      throw unreachable(issuer, "did not answer", cause)
    })
    if (response.status === 200) return response
    await response.body?.cancel().catch(() => {})
    throw judged(response.status, { issuer, path, clientId })
  }

  return {
    post: async (path, fields, limitMs) => {
      const response = await send(path, {
        method: "POST",
        headers: {
          authorization,
          accept: "application/json",
          "content-type": "application/x-www-form-urlencoded",
        },
        body: new URLSearchParams(fields).toString(),
        signal: AbortSignal.timeout(limitMs),
      })
      const text = await readBoundedText(response, MAX_ANSWER_BYTES).catch((cause: unknown) => {
        throw unreachable(issuer, "broke off its answer", cause)
      })
      try {
        if (text !== null) return JSON.parse(text)
      } catch {
        // Said below.
      }
      throw malformed(issuer, path)
    },

    openEvents: async (path, signal) => {
      const headers = { authorization, accept: "text/event-stream" }
      const { body } = await send(path, { headers, signal })
      if (body === null) throw malformed(issuer, path)
      return body
    },
  }
}

/** What was answered is none of the server's answers. */
export function malformed(issuer: string, path: string): AuthorizationServerError {
  const message = `${issuer}${path} answered something that is not understood here; is it an authchemy server of the same version?`
  return new AuthorizationServerError("malformed", message)
}

function unreachable(issuer: string, what: string, cause?: unknown): AuthorizationServerError {
  return new AuthorizationServerError(
    "unreachable",
    `${issuer} ${what}; it is asked again with the next token`,
    cause,
  )
}

/** An answer that is not 200. A refusal of this resource server's own credentials says nothing of the token that it asked about. */
function judged(
  status: number,
  { issuer, path, clientId }: { issuer: string; path: string; clientId: string },
): AuthorizationServerError {
  if (status === 401) {
    const message = `${issuer} refuses the credentials of the resource server ${clientId}: check clientId and clientSecret (authchemy clients list)`
    return new AuthorizationServerError("refused", message)
  }
  if (status === 403) {
    const message = `${clientId} is not registered as a resource server at ${issuer}: authchemy clients add ${clientId} --confidential --resource-server`
    return new AuthorizationServerError("refused", message)
  }
  if (status === 429 || status >= 500) return unreachable(issuer, `answered ${status}`)
  const message = `${issuer}${path} answered ${status}; is it an authchemy server of the same version?`
  return new AuthorizationServerError("malformed", message)
}

/** Tokens and secrets go over TLS, or stay on this machine. */
function originOf(issuer: string): string {
  const url = URL.parse(issuer)
  if (url === null)
    throw new TypeError("issuer must be the URL of the server, such as https://auth.example.com")
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackHost(url.hostname))) {
    throw new TypeError("issuer must be an https URL; http only on localhost, 127.0.0.1 or [::1]")
  }
  if (url.href !== `${url.origin}/`) {
    throw new TypeError(
      `issuer must be an origin without a path, a query or credentials, such as ${url.origin}`,
    )
  }
  return url.origin
}

/** HTTP Basic, the values form-encoded first (RFC 6749 §2.3.1). */
function basicOf(clientId: string, clientSecret: string): string {
  const encode = (text: string) => new URLSearchParams([["", text]]).toString().slice(1)
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString("base64")}`
}
