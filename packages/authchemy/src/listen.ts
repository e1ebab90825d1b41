import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { getRequestListener } from "@hono/node-server"

/** Answers a request of `node:http`. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Is asked before the `fetch` handler. `false`: it has not touched the request. `true`: it answers, or hands the request to `goOn` later, which answers with
 * the `fetch` handler.
 */
export type HotHandler = (request: IncomingMessage, response: ServerResponse, goOn: RequestHandler) => boolean

/** A listening HTTP server. */
export type Listener = {
  /** The port it listens on: the one that was asked for, or the one the system chose for 0. */
  readonly port: number
  /**
   * Stops listening, closes idle connections, lets requests under way finish, and resolves when the last connection is gone.
   * What is still under way after `graceMs` is cut off.
   */
  close(): Promise<void>
}

/** The server cannot listen; `code` is stable, `cause` is the system's error. */
export class ListenError extends Error {
  readonly code = "listen_failed"
  constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
    const reason = cause.code === "EADDRINUSE" ? "the port is in use" : (cause.code ?? "it is not possible")
    super(`cannot listen on ${host} port ${port}: ${reason}`, { cause })
    this.name = "ListenError"
  }
}

/**
 * Serves a `fetch` handler over HTTP/1.1. A request's headers may take 10 seconds and 32 KiB, the whole request 30 seconds; an
 * idle connection is kept for 65 seconds, longer than the usual minute of a proxy in front.
 * @param options.hot answers what it can without a `Request` and a `Response`; nothing where left out
 * @param options.graceMs how long requests under way may take after `close`, in milliseconds
 * @throws ListenError
 */
export async function listen(options: {
  fetch: (request: Request, bindings: object) => Response | Promise<Response>
  hot?: HotHandler
  host: string
  port: number
  graceMs?: number
}): Promise<Listener> {
  const { fetch, hot, host, port, graceMs = 10_000 } = options
  const goOn = getRequestListener(fetch)
  const limits = {
    maxHeaderSize: 32 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: 65_000,
  }
  const server = createServer(limits, (request, response) => {
    if (hot?.(request, response, goOn) !== true) goOn(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new ListenError(host, port, cause)))
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () => drain(server, graceMs),
  }
}

/** How often connections that have become idle are looked for while draining, in milliseconds. */
const SWEEP_MS = 25

async function drain(server: Server, graceMs: number): Promise<void> {
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
  const cutOff = setTimeout(() => server.closeAllConnections(), graceMs)
  await new Promise<void>((resolve) => server.close(() => resolve()))
  clearInterval(sweep)
  clearTimeout(cutOff)
}
