import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer as createHttpServer, type RequestListener, type Server } from "node:http"
import { createServer as createHttpsServer } from "node:https"
import { type AddressInfo, connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"

/**
 * A certificate in PEM that nobody knows, signed by itself, for these names and addresses, with its key.
 * Needs `openssl`.
 */
export function selfSigned(...names: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "alchemy-network-"))
  try {
    const at = (name: string) => join(folder, name)
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("key")]
    const alternatives = names.map((name) => (/^[\d.]+$|:/.test(name) ? `IP:${name}` : `DNS:${name}`))
    const about = ["-subj", "/CN=test", "-addext", `subjectAltName=${alternatives.join(",")}`]
    execFileSync("openssl", ["req", "-x509", ...key, "-out", at("cert"), "-days", "1", ...about], {
      stdio: "ignore",
    })
    return { key: readFileSync(at("key"), "utf8"), cert: readFileSync(at("cert"), "utf8") }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A server on a free port of loopback, over TLS where a certificate is given. It ends with the test. */
export async function startServer(
  answer: RequestListener,
  options: { tls?: { key: string; cert: string }; host?: string } = {},
): Promise<{ port: number; server: Server }> {
  const { tls, host = "127.0.0.1" } = options
  const server = tls === undefined ? createHttpServer(answer) : createHttpsServer(tls, answer)
  server.listen({ port: 0, host, ipv6Only: true })
  await once(server, "listening")
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, server }
}

/**
 * A proxy that opens tunnels to one port of this machine, whatever host they are asked for, and keeps what it
 * was asked. `refuse` is the status of its answer, where it is not to open any.
 */
export async function startProxy(options: {
  to: number
  refuse?: () => number | undefined
  tls?: { key: string; cert: string }
}) {
  const seen: { target: string; authorization: string | undefined }[] = []
  const { port, server } = await startServer((request, response) => {
    seen.push({ target: request.url ?? "", authorization: request.headers["proxy-authorization"] })
    response.writeHead(options.refuse?.() ?? 200).end("from the proxy")
  }, options)
  server.on("connect", (request, socket) => {
    seen.push({ target: request.url ?? "", authorization: request.headers["proxy-authorization"] })
    const status = options.refuse?.()
    socket.on("error", () => {})
    if (status !== undefined) return void socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
    const onward = connect(options.to, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
      onward.pipe(socket)
      socket.pipe(onward)
    })
    onward.on("error", () => socket.destroy())
    onTestFinished(() => {
      onward.destroy()
      socket.destroy()
    })
  })
  return { port, seen, url: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}` }
}
