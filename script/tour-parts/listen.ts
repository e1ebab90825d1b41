import { createServer, type IncomingMessage } from "node:http"

/** What a request asks for: its path, and what `fetch` needs to pass it on. */
export type Answer = (path: string, init: RequestInit) => Promise<Response>

/**
 * A server on a free loopback port that answers as it is told. Where the answer fails, the connection ends.
 * @param now the time of the tour, which `Date:` tells
 */
export async function listen(answer: Answer, now: () => number): Promise<{ url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    try {
      const answered = await answer(request.url ?? "/", await initOf(request))
      const type = answered.headers.get("content-type") ?? "text/plain"
      const body = await answered.text()
      response
        .writeHead(answered.status, { "content-type": type, date: new Date(now()).toUTCString() })
        .end(body)
    } catch {
      // Whoever asked may be gone, and what stands behind this server may be down.
      response.destroy()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function initOf(request: IncomingMessage): Promise<RequestInit> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { method = "GET", headers } = request
  const { authorization = "" } = headers
  return {
    method,
    headers: { authorization },
    ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
  }
}
