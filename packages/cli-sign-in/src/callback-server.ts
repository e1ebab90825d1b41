import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { CALLBACK_PATH } from "@authchemy/protocol"
import { errorCodeOf } from "./error-code.ts"
import { SignInError } from "./errors.ts"

/** Browsers send the cookies of every port of a host, so that a developer's `localhost` may bring many. */
const MAX_HEADER_BYTES = 32 * 1024
const HEADERS_TIMEOUT_MS = 5_000
/** Beyond this many sockets that have sent no request the oldest one goes: strangers must not use up what the answer needs. */
const MAX_IDLE_SOCKETS = 200
const EPHEMERAL_TRIES = 10

/** A listener on loopback, both families on one port. It answers 404 until somebody waits. */
export type CallbackServer = {
  readonly port: number
  /** `http://127.0.0.1:<port>/callback`, or `http://[::1]:<port>/callback` where there is no IPv4 (RFC 8252 §7.3). */
  readonly redirectUrl: string
  /** Why the preferred port was not taken, for example `EADDRINUSE`. */
  readonly fallback?: string
  /** Hands over each request from now on. */
  handle(handler: (request: IncomingMessage, response: ServerResponse) => void): void
  /** Ends every connection and the listener. */
  close(): Promise<void>
}

/** Binds one server to one address. Rejects with the system's error. */
export type Listen = (server: Server, port: number, host: "127.0.0.1" | "::1") => Promise<void>

/**
 * Binds 127.0.0.1 and ::1 on one port: the preferred one, or where another program has it or the system keeps it (EADDRINUSE,
 * EACCES) any free one. A machine without one of the families listens on the other alone.
 *
 * @param options.port the preferred port, 0 for any
 * @throws SignInError `port_unavailable`
 */
export async function openCallbackServer(options: {
  port: number
  listen?: Listen
}): Promise<CallbackServer> {
  const { port, listen = listenOn } = options
  let handler: Parameters<CallbackServer["handle"]>[0] = (_, response) => refuse(response, 404)
  const serve = (request: IncomingMessage, response: ServerResponse) => handler(request, response)

  const { servers, fallback } = await bindPreferred(port, () => newServer(serve), listen)
  const [first] = servers
  const bound = addressOf(first)
  const host = bound.family === "IPv6" ? "[::1]" : "127.0.0.1"
  return {
    port: bound.port,
    redirectUrl: `http://${host}:${bound.port}${CALLBACK_PATH}`,
    ...(fallback === undefined ? {} : { fallback }),
    handle: (next) => {
      handler = next
    },
    close: async () => {
      await Promise.all(servers.map(closeServer))
    },
  }
}

/** Answers a request that is not the one waited for: fixed text, connection closed, its body unread. */
export function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    connection: "close",
    ...(status === 405 ? { allow: "GET" } : {}),
  })
  response.end("This is not the answer that the sign-in waits for.\n")
}

type Bound = { servers: [Server, ...Server[]]; fallback?: string }

async function bindPreferred(port: number, make: () => Server, listen: Listen): Promise<Bound> {
  let fallback: string | undefined
  let cause: unknown
  for (let tries = 0; tries <= EPHEMERAL_TRIES; tries++) {
    const wanted = tries === 0 ? port : 0
    try {
      return {
        servers: await bindBoth(wanted, make, listen),
        ...(fallback === undefined ? {} : { fallback }),
      }
    } catch (error) {
      cause = error
      const code = errorCodeOf(error)
      if (code !== "EADDRINUSE" && code !== "EACCES") break
      if (wanted !== 0) fallback = code
    }
  }
  const code = errorCodeOf(cause)
  throw new SignInError("port_unavailable", `No port on this machine could be listened on (${code}).`, {
    details: { port, code },
    cause,
  })
}

/** IPv4 first, IPv6 on the port it got. A family that the machine does not have is left out, not both. */
async function bindBoth(port: number, make: () => Server, listen: Listen): Promise<Bound["servers"]> {
  const ipv4 = make()
  let missing: unknown
  try {
    await listen(ipv4, port, "127.0.0.1")
  } catch (error) {
    if (!isFamilyMissing(error)) throw error
    missing = error
  }
  const ipv6 = make()
  try {
    await listen(ipv6, missing === undefined ? addressOf(ipv4).port : port, "::1")
  } catch (error) {
    if (missing !== undefined) throw error
    if (isFamilyMissing(error)) return [ipv4]
    await closeServer(ipv4)
    throw error
  }
  return missing === undefined ? [ipv4, ipv6] : [ipv6]
}

function isFamilyMissing(error: unknown): boolean {
  return ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(errorCodeOf(error))
}

function newServer(serve: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: 2 * HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: 1_000,
  })
  const idle = new Set<Socket>()
  server.on("connection", (socket) => {
    idle.add(socket)
    socket.once("close", () => idle.delete(socket))
    if (idle.size > MAX_IDLE_SOCKETS) idle.values().next().value?.destroy()
  })
  const serveOnce = (request: IncomingMessage, response: ServerResponse) => {
    idle.delete(request.socket)
    serve(request, response)
  }
  server.on("request", serveOnce)
  // A client that asks first whether to send its body is answered like any other: the body is not wanted.
  server.on("checkContinue", serveOnce)
  // After it is bound, the only errors are of single connections that could not be taken.
  server.on("error", () => {})
  return server
}

function listenOn(server: Server, port: number, host: "127.0.0.1" | "::1"): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen({ port, host, ipv6Only: true, exclusive: true }, () => {
      server.off("error", reject)
      resolve()
    })
  })
}

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("The listener has no address.")
  return address
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
