import { type IncomingMessage, request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import { Readable } from "node:stream"
import type { ProxyServer } from "./proxy-from-env.ts"
import { closedEarly, targetOf, tlsFor, tunnelTo } from "./tunnel.ts"

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
 * signal, which ends the body as well
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
    const content = bodiless ? null : bodyOf(answer, signal)
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
  // Only TLS leaves this machine, and this machine's own addresses go through no proxy.
  const tunnel =
    proxy === undefined || !secure
      ? undefined
      : await tunnelTo(target, proxy, { signal: request.signal, certificates })
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? requestHttps : requestHttp)({
      ...(secure ? tlsFor(target.host, certificates) : {}),
      host: target.host,
      port: target.port,
      method: request.method,
      path: `${url.pathname}${url.search}`,
      headers: {
        ...Object.fromEntries(request.headers),
        host: url.host,
        connection: "close",
        ...(body === undefined ? {} : { "content-length": String(body.length) }),
      },
      signal: request.signal,
      // The agent that stands for all requests may be one that uses proxies by itself.
      ...(tunnel === undefined ? { agent: false } : { createConnection: () => tunnel }),
      ...(route.addressTimeoutMs === undefined
        ? {}
        : { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: route.addressTimeoutMs }),
    })
    outgoing.once("response", resolve)
    outgoing.on("error", reject)
    // An answer that is none, such as 101, ends without either.
    outgoing.once("close", () => reject(closedEarly("without an answer")))
    outgoing.end(body)
  })
}

/** A body without a length ends with the connection (RFC 9112 §6.3): cut by the signal, it would count as whole. */
function bodyOf(answer: IncomingMessage, signal: AbortSignal): ReadableStream<Uint8Array> {
  const body = Readable.toWeb(answer) as ReadableStream<Uint8Array>
  signal.addEventListener("abort", () => answer.destroy(signal.reason), { once: true })
  return body
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? "", rawHeaders[index + 1] ?? "")
  }
  return headers
}
