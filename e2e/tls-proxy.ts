import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { createSecureContext, TLSSocket } from "node:tls"
import type { Certificates } from "./certificates.ts"

/**
 * A proxy that looks into TLS, as companies have them: it answers in the name of every host it knows, with a
 * certificate of its own.
 */
export type TlsProxy = {
  /** `http://127.0.0.1:<port>` */
  url: string
  /** What it was asked to connect to, in order, with the user that asked. */
  connects: { target: string; user: string | undefined }[]
  /** What it passed on, in order, as `POST /v1/me`. */
  passedOn: string[]
  stop(): Promise<void>
}

/**
 * Starts it on a free port of loopback.
 * @param options.hosts where a host, as `auth.example.test:443`, really is: a port on 127.0.0.1. Others get
 * 502.
 * @param options.user `name:password`, without which it answers 407
 */
export async function startTlsProxy(options: {
  certificates: Certificates
  hosts: Record<string, number>
  user?: string
}): Promise<TlsProxy> {
  const { certificates, hosts, user } = options
  const [key, cert] = await Promise.all([readFile(certificates.key), readFile(certificates.cert)])
  const secureContext = createSecureContext({ key, cert })
  const connects: TlsProxy["connects"] = []
  const passedOn: string[] = []
  const sockets = new Set<Socket>()
  const ports = new WeakMap<Socket, number>()

  // Speaks HTTP with the client inside the tunnel, and passes each request on without TLS.
  const inside = createServer((incoming, answer) => {
    passedOn.push(`${incoming.method} ${incoming.url}`)
    passOn(incoming, answer, ports.get(incoming.socket) ?? 0)
  })
  const proxy = createServer((_incoming, answer) => {
    answer.writeHead(400).end()
  })
  proxy.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    socket.once("close", () => sockets.delete(socket))
  })
  proxy.on("connect", (asked, socket: Socket) => {
    const given = /^Basic (.+)$/.exec(asked.headers["proxy-authorization"] ?? "")?.[1]
    const caller = given === undefined ? undefined : Buffer.from(given, "base64").toString()
    const target = asked.url ?? ""
    connects.push({ target, user: caller })
    if (user !== undefined && caller !== user) {
      socket.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm="proxy"\r\n\r\n',
      )
      return
    }
    const port = hosts[target]
    if (port === undefined) {
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n")
      return
    }
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
    const tls = new TLSSocket(socket, { isServer: true, secureContext })
    tls.on("error", () => socket.destroy())
    ports.set(tls, port)
    inside.emit("connection", tls)
  })
  proxy.listen(0, "127.0.0.1")
  await once(proxy, "listening")
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    connects,
    passedOn,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}

function passOn(incoming: IncomingMessage, answer: ServerResponse, port: number) {
  const { method, url: path, rawHeaders: headers } = incoming
  const onward = request({ host: "127.0.0.1", port, method, path, headers, setHost: false }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.rawHeaders)
    response.pipe(answer)
  })
  onward.on("error", () => answer.destroy())
  incoming.pipe(onward)
}
