import { type IncomingMessage, request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import { Readable } from "node:stream"
import { proxyRefusal, proxyUnreachable } from "./proxy-failure.ts"
import type { ProxyServer } from "./proxy-from-env.ts"
import { authorizationFor, type Target, targetOf, tlsFor, tunnelTo } from "./tunnel.ts"

/** How a request travels, where it is not as the runtime's `fetch` sends it. */
export type Route = {
  proxy?: ProxyServer | undefined
  /** Authorities in PEM that are trusted in place of the runtime's. */
  certificates?: readonly string[] | undefined
  /** How long one address of a name is given before the next one is tried, in milliseconds. */
  addressTimeoutMs?: number | undefined
}

/**
 * `fetch` over a route of one's own, on HTTP/1.1 with a connection a request. The runtime's `fetch` can be
 * told neither a proxy nor authorities on every Node that the command runs on. Like `fetch` but: redirects
 * are never followed, and no compressed answer is asked for.
 *
 * @throws NetworkFailure where the proxy is the reason, else the system's error, or the reason of the aborted
 * signal
 */
export async function fetchOver(
  route: Route,
  input: string | URL | Request,
  init: RequestInit = {},
): Promise<Response> {
  const request = new Request(input, init)
  const { signal } = request
  signal.throwIfAborted()
  try {
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer())
    const answer = await send(route, request, body)
    const status = answer.statusCode ?? 0
    const bodiless = request.method === "HEAD" || [204, 205, 304].includes(status)
    if (bodiless) answer.resume()
    const content = bodiless ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>)
    return new Response(content, { status, headers: headersOf(answer) })
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  }
}

async function send(route: Route, request: Request, body: Buffer | undefined): Promise<IncomingMessage> {
  const url = new URL(request.url)
  const { proxy, certificates } = route
  const target = targetOf(url)
  const secure = url.protocol === "https:"
  // To a proxy a request without TLS is sent whole, with the full address (RFC 9112 §3.2.2).
  const forwarding = proxy !== undefined && !secure ? proxy : undefined
  const tunnel =
    proxy === undefined || !secure
      ? undefined
      : await tunnelTo(target, proxy, { signal: request.signal, certificates })
  const overTls = secure || forwarding?.origin.startsWith("https:") === true
  const peer: Target = forwarding === undefined ? target : targetOf(new URL(forwarding.origin))
  return new Promise((resolve, reject) => {
    const outgoing = (overTls ? requestHttps : requestHttp)({
      ...(overTls ? tlsFor(peer.host, certificates) : {}),
      host: peer.host,
      port: peer.port,
      method: request.method,
      path: forwarding === undefined ? `${url.pathname}${url.search}` : url.href,
      headers: {
        "user-agent": "node",
        ...Object.fromEntries(request.headers),
        host: url.host,
        connection: "close",
        ...(forwarding === undefined ? {} : authorizationFor(forwarding)),
        ...(body === undefined ? {} : { "content-length": String(body.length) }),
      },
      signal: request.signal,
      ...(tunnel === undefined ? { agent: false } : { createConnection: () => tunnel }),
      ...(route.addressTimeoutMs === undefined
        ? {}
        : { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: route.addressTimeoutMs }),
    })
    outgoing.once("response", (answer) => {
      if (forwarding === undefined || answer.statusCode !== 407) return resolve(answer)
      answer.destroy()
      reject(proxyRefusal(forwarding, url.hostname, 407))
    })
    outgoing.on("error", (error) => {
      reject(forwarding === undefined ? error : proxyUnreachable(forwarding, error))
    })
    outgoing.end(body)
  })
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? "", rawHeaders[index + 1] ?? "")
  }
  return headers
}
