import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import { createServer as createTlsServer } from "node:tls"
import { expect, onTestFinished, test } from "vitest"
import { fetchOver } from "./fetch-over.ts"
import { selfSigned, startProxy } from "./testing.ts"

const authority = selfSigned("auth.test")

/** A server that answers every request with these bytes and then ends the connection, unless it is to stay open. */
async function answering(bytes: string, options: { tls?: boolean; open?: boolean } = {}) {
  const server = options.tls ? createTlsServer(authority) : createServer()
  server.on(options.tls ? "secureConnection" : "connection", (socket) => {
    socket.on("error", () => {})
    socket.once("data", () => (options.open ? socket.write(bytes) : socket.end(bytes)))
    onTestFinished(() => void socket.destroy())
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"

test.each([
  ["101", SWITCHING],
  ["an answer that comes no further", "HTTP/1.1 100 Continue\r\n\r\n"],
  ["nothing", ""],
])("%s is a failure, and not waited for", async (_, bytes) => {
  const port = await answering(bytes)
  await expect(fetchOver({}, `http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: "ECONNRESET" })
})

test("101 through a proxy is one of the server, 101 of the proxy one of its own", async () => {
  const { url } = await startProxy({ to: await answering(SWITCHING, { tls: true }) })
  const route = { proxy: { origin: url, variable: "HTTPS_PROXY" }, certificates: [authority.cert] }
  await expect(fetchOver(route, "https://auth.test/")).rejects.toMatchObject({ code: "ECONNRESET" })
  const switching = { origin: `http://127.0.0.1:${await answering(SWITCHING)}`, variable: "HTTPS_PROXY" }
  await expect(fetchOver({ proxy: switching }, "https://auth.test/")).rejects.toMatchObject({
    code: "NETWORK_ERROR",
    message: expect.stringContaining(switching.origin),
  })
})

test("a body that ends with the connection is whole, unless the signal ended it", async () => {
  const part = 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{"whole":'
  const ended = await fetchOver({}, `http://127.0.0.1:${await answering(`${part}true}`)}/`)
  expect(await ended.json()).toEqual({ whole: true })

  const abort = new AbortController()
  const cut = await fetchOver({}, `http://127.0.0.1:${await answering(part, { open: true })}/`, {
    signal: abort.signal,
  })
  const reader = cut.body?.getReader()
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('{"whole":')
  const rest = reader?.read()
  abort.abort(new DOMException("late", "TimeoutError"))
  await expect(rest).rejects.toBe(abort.signal.reason)
})

test("an abort after an answer without a body changes nothing", async () => {
  const abort = new AbortController()
  const port = await answering("HTTP/1.1 204 No Content\r\n\r\n", { open: true })
  const { status, body } = await fetchOver({}, `http://127.0.0.1:${port}/`, { signal: abort.signal })
  abort.abort()
  await new Promise(setImmediate)
  expect({ status, body }).toEqual({ status: 204, body: null })
})
