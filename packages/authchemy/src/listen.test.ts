import { once } from "node:events"
import { Agent, get } from "node:http"
import { connect, type Socket } from "node:net"
import { expect, test } from "vitest"
import { listen } from "./listen.ts"

const host = "127.0.0.1"
const hello = () => new Response("hello")

async function received(socket: Socket): Promise<string> {
  let text = ""
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1")
  })
  await once(socket, "close")
  return text
}

test("a port in use is said in one sentence", async () => {
  const first = await listen({ fetch: hello, host, port: 0 })
  await expect(listen({ fetch: hello, host, port: first.port })).rejects.toMatchObject({
    code: "listen_failed",
    message: `cannot listen on 127.0.0.1 port ${first.port}: the port is in use`,
  })
  await first.close()
})

test("closing finishes what is under way, takes nothing new, and drops idle connections", async () => {
  const begun = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const listener = await listen({
    host,
    port: 0,
    fetch: async (request) => {
      if (request.url.endsWith("/slow")) {
        begun.resolve()
        await finish.promise
      }
      return new Response("done")
    },
  })
  const agent = new Agent({ keepAlive: true })
  const origin = `http://${host}:${listener.port}`
  const idle = connect(listener.port, host)
  idle.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
  await once(idle, "data")
  const slow = new Promise<string>((resolve, reject) => {
    get(`${origin}/slow`, { agent }, async (response) => {
      resolve((await response.toArray()).join(""))
    }).once("error", reject)
  })
  await begun.promise

  const idleClosed = once(idle, "close")
  const closed = listener.close()
  await idleClosed
  const refused = connect(listener.port, host)
  expect((await once(refused, "error"))[0]).toMatchObject({ code: "ECONNREFUSED" })
  finish.resolve()
  expect(await slow).toBe("done")
  await closed
  agent.destroy()
})

test("what does not end within the grace period is cut off", async () => {
  const begun = Promise.withResolvers<void>()
  const listener = await listen({
    host,
    port: 0,
    graceMs: 50,
    fetch: () => {
      begun.resolve()
      return Promise.withResolvers<Response>().promise
    },
  })
  const stuck = connect(listener.port, host)
  stuck.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
  await begun.promise
  const answer = received(stuck)
  await listener.close()
  expect(await answer).toBe("")
})

test.each([
  [
    "S30 Content-Length with Transfer-Encoding",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["S30 a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n"],
  ["S30 bare line feeds", "GET / HTTP/1.1\nHost: a\n\n"],
  [
    "S30 two Content-Length headers",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
  ],
])("%s: 400 and close, and a pipelined request is not answered", async (_, request) => {
  let served = 0
  const listener = await listen({
    host,
    port: 0,
    fetch: () => {
      served++
      return hello()
    },
  })
  const socket = connect(listener.port, host)
  socket.write(`${request}GET /second HTTP/1.1\r\nHost: a\r\n\r\n`)
  const answer = await received(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
  expect(served).toBe(0)
  await listener.close()
})

test("more than 32 KiB of headers: 431", async () => {
  const listener = await listen({ fetch: hello, host, port: 0 })
  const socket = connect(listener.port, host)
  socket.write(`GET /?${"x".repeat(33 * 1024)} HTTP/1.1\r\nHost: a\r\n\r\n`)
  expect(await received(socket)).toMatch(/^HTTP\/1\.1 431 /)
  await listener.close()
})
