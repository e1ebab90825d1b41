import { once } from "node:events"
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** One exchange that is held back: before the server has the request, or before the command has the answer. */
export type Held = {
  /** Lets it through. Resolves when the server has answered it, or the command has its answer or is gone. */
  pass(): Promise<void>
  /** Ends the command's connection without an answer. */
  drop(): void
}

/** A server's address with a hand on each exchange. */
export type HoldingProxy = {
  readonly port: number
  /** Holds the next request to a path, or its answer. Resolves when it is held. */
  hold(path: string, what: "request" | "answer"): Promise<Held>
  /** Nothing is held any more but what is held now. */
  holdNothing(): void
  /** While it is out of reach every connection is closed without an answer. */
  outOfReach: boolean
  close(): Promise<void>
}

type Rule = { path: string; what: "request" | "answer"; found: (held: Held) => void }
type Answer = { status: number; headers: IncomingMessage["rawHeaders"]; body: Buffer }

/** Opens a proxy on 127.0.0.1 for a server on another port. `port`: what to listen on; any where left out. */
export async function openHoldingProxy(target: { port: number }, port = 0): Promise<HoldingProxy> {
  let rule: Rule | null = null
  const takeRule = (path: string, what: Rule["what"]) => {
    if (rule?.what !== what || rule.path !== path) return null
    const taken = rule
    rule = null
    return taken
  }

  const server = createServer(async (request, response) => {
    if (proxy.outOfReach) return void request.socket.destroy()
    const path = (request.url ?? "/").split("?")[0] ?? "/"
    try {
      const body = await bodyOf(request)
      let answer: Answer | undefined
      const forward = async () => {
        answer = quickened(path, await ask(target.port, request, body))
      }
      await unlessHeld(takeRule(path, "request"), response, forward)
      const given = answer
      if (given === undefined) return
      await unlessHeld(takeRule(path, "answer"), response, () => handOver(response, given))
    } catch {
      request.socket.destroy()
    }
  })
  const proxy: HoldingProxy = {
    get port() {
      return (server.address() as AddressInfo).port
    },
    hold: (path, what) =>
      new Promise((resolve) => {
        rule = { path, what, found: resolve }
      }),
    holdNothing: () => {
      rule = null
    },
    outOfReach: false,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
  server.listen(port, "127.0.0.1")
  await once(server, "listening")
  return proxy
}

/** Does it, or where it is held waits until it is known whether to. */
function unlessHeld(rule: Rule | null, response: ServerResponse, act: () => Promise<void>): Promise<void> {
  if (rule === null) return act()
  return new Promise((resolve) => {
    rule.found({
      pass: async () => {
        await act().catch(() => {})
        resolve()
      },
      drop: () => {
        response.destroy()
        resolve()
      },
    })
  })
}

/** Who polls for a device's token may do so after one second in place of five. */
function quickened(path: string, answer: Answer): Answer {
  if (path !== "/oauth/device_authorization" || answer.status !== 200) return answer
  const body = Buffer.from(JSON.stringify({ ...JSON.parse(String(answer.body)), interval: 1 }))
  const headers = answer.headers.map((text, index, all) =>
    all[index - 1]?.toLowerCase() === "content-length" && index % 2 === 1 ? String(body.length) : text,
  )
  return { ...answer, headers, body }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function ask(port: number, request: IncomingMessage, body: Buffer): Promise<Answer> {
  const { method, url, headers } = request
  const { connection: _, ...rest } = headers
  const sent = httpRequest({ host: "127.0.0.1", port, method, path: url, headers: rest, agent: false })
  sent.end(body)
  const [answer] = (await once(sent, "response")) as [IncomingMessage]
  return { status: answer.statusCode ?? 502, headers: answer.rawHeaders, body: await bodyOf(answer) }
}

async function handOver(response: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  if (response.destroyed) return
  const over = Promise.race([once(response, "finish"), once(response, "close")])
  response.writeHead(status, headers)
  response.end(body)
  await over
}
