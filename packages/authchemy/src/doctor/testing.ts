import { once } from "node:events"
import { createServer, type RequestListener, type Server } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo } from "node:net"
import { type Config, parseConfig } from "../config.ts"

/** A configuration that asks nobody on the network. */
export function configOf(env: Record<string, string> = {}): Config {
  return parseConfig({
    AUTHCHEMY_DATA_DIR: "/nonexistent/authchemy",
    AUTHCHEMY_BREACHED_PASSWORDS_URL: "off",
    ...env,
  })
}

/** An HTTP server on a free loopback port; with a certificate and its key (PEM), an HTTPS server. */
export async function openWebServer(
  answer: RequestListener,
  tls?: { cert: string; key: string },
): Promise<{ url: string; port: number; close(): Promise<void> }> {
  const server: Server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Answers with JSON. */
export function answering(
  body: unknown,
  options: { status?: number; headers?: Record<string, string> } = {},
) {
  const listener: RequestListener = (_request, response) => {
    const { status = 200, headers = {} } = options
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body))
  }
  return listener
}

/** A loopback port at which nobody listens. */
export async function closedPort(): Promise<number> {
  const { port, close } = await openWebServer(() => {})
  await close()
  return port
}
