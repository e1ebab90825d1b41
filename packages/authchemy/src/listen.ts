import { Server } from "node:http"
import { createAdaptorServer } from "@hono/node-server"

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
 * @param options.graceMs how long requests under way may take after `close`, in milliseconds
 * @throws ListenError
 */
export async function listen(options: {
  fetch: (request: Request, bindings: object) => Response | Promise<Response>
  host: string
  port: number
  graceMs?: number
}): Promise<Listener> {
  const { fetch, host, port, graceMs = 10_000 } = options
  const server = createAdaptorServer({
    fetch,
    serverOptions: {
      maxHeaderSize: 32 * 1024,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      keepAliveTimeout: 65_000,
    },
  })
  if (!(server instanceof Server)) throw new TypeError("an HTTP/1.1 server was expected")
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
