import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"

/** What a server of a test was asked. */
export type Received = {
  method: string
  path: string
  headers: IncomingMessage["headers"]
  body: string
}

/** A real HTTP server on loopback that keeps what it was asked. It ends with the test. */
export async function startServer(
  answer: (response: ServerResponse, request: Received, count: number) => void,
): Promise<{ url: string; received: Received[]; stop: () => Promise<void> }> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ""
    for await (const chunk of request.setEncoding("utf8")) body += chunk
    const { method = "", url: path = "", headers } = request
    const one = { method, path, headers, body }
    answer(response, one, received.push(one))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const stop = async () => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(stop)
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return { url: `http://127.0.0.1:${address.port}`, received, stop }
}

/** The URL of a loopback port on which nothing listens. */
export async function refusingUrl(): Promise<string> {
  const { url, stop } = await startServer(() => {})
  await stop()
  return url
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, json: unknown, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers })
  response.end(JSON.stringify(json))
}

/** A token of the right form. */
export const TOKEN = `alchemy_at_tAg9${"s".repeat(43)}${"c".repeat(6)}`
/** An answer of the token endpoint that holds it. */
export const TOKEN_RESPONSE = {
  authToken: TOKEN,
  expiresAt: "2027-02-21T22:05:00.000Z",
  expiresInSeconds: 7_776_000,
  sessionId: "session-1",
  account: { id: "account-1", email: "ada@example.com", name: "Ada" },
}

/** A folder of its own for one test; it goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cli-sign-in-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
