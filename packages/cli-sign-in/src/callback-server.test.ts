import { once } from "node:events"
import { createServer } from "node:http"
import { type AddressInfo, connect, createServer as createSocketServer } from "node:net"
import { networkInterfaces } from "node:os"
import { expect, onTestFinished, test } from "vitest"
import { type CallbackServer, type Listen, openCallbackServer } from "./callback-server.ts"

const systemError = (code: string) => Object.assign(new Error(code), { code })

const really: Listen = (server, port, host) =>
  new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen({ port, host, ipv6Only: true }, resolve)
  })

async function opened(options: { port: number; listen?: Listen }): Promise<CallbackServer> {
  const server = await openCallbackServer(options)
  onTestFinished(() => server.close())
  return server
}

const answers = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host, port })
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })

async function occupied(host: string): Promise<number> {
  const other = createSocketServer()
  onTestFinished(() => void other.close())
  other.listen({ port: 0, host, ipv6Only: true })
  await once(other, "listening")
  return (other.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const { port, close } = await openCallbackServer({ port: 0 })
  await close()
  return port
}

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === "::1")

test("S55 it listens on 127.0.0.1, and on ::1 where there is one, and on no other address", async () => {
  const { port, redirectUrl } = await opened({ port: 0 })
  expect(redirectUrl).toBe(`http://127.0.0.1:${port}/callback`)
  expect(await answers("127.0.0.1", port)).toBe(true)
  expect(await answers("::1", port)).toBe(hasIpv6)
  const others = Object.values(networkInterfaces())
    .flat()
    .filter((address) => address !== undefined && !address.internal && !address.address.startsWith("fe80"))
  for (const other of others) expect(await answers(other?.address ?? "", port)).toBe(false)
  expect(await answers("127.0.0.2", port)).toBe(false)
})

test.each(hasIpv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"])(
  "S55 a port that is busy on %s is left for another, and the event can say why",
  async (host) => {
    const port = await occupied(host)
    const server = await opened({ port })
    expect(server.port).not.toBe(port)
    expect(server.fallback).toBe("EADDRINUSE")
    expect(await answers("127.0.0.1", server.port)).toBe(true)
    if (host === "::1") expect(await answers("127.0.0.1", port)).toBe(false)
  },
)

test.each(["127.0.0.1", "::1"])("S55 a port that the system keeps on %s (EACCES) is left", async (family) => {
  const preferred = await freePort()
  const listen: Listen = async (server, port, host) => {
    if (port === preferred && host === family) throw systemError("EACCES")
    await really(server, port, host)
  }
  const server = await opened({ port: preferred, listen })
  expect(server.fallback).toBe("EACCES")
  expect(server.port).not.toBe(preferred)
  expect(await answers("127.0.0.1", preferred)).toBe(false)
})

test.each(["EADDRNOTAVAIL", "EAFNOSUPPORT"])("S55 without IPv6 (%s) it is IPv4 alone", async (code) => {
  const listen: Listen = async (server, port, host) => {
    if (host === "::1") throw systemError(code)
    await really(server, port, host)
  }
  const server = await opened({ port: 0, listen })
  expect(server.fallback).toBeUndefined()
  expect(server.redirectUrl).toBe(`http://127.0.0.1:${server.port}/callback`)
  expect(await answers("127.0.0.1", server.port)).toBe(true)
})

test.runIf(hasIpv6)("S55 without IPv4 it is IPv6 alone, and the redirect says so", async () => {
  const listen: Listen = async (server, port, host) => {
    if (host === "127.0.0.1") throw systemError("EADDRNOTAVAIL")
    await really(server, port, host)
  }
  const server = await opened({ port: 0, listen })
  expect(server.redirectUrl).toBe(`http://[::1]:${server.port}/callback`)
  expect(await answers("::1", server.port)).toBe(true)
  expect(await answers("127.0.0.1", server.port)).toBe(false)
})

test.each(["EADDRINUSE", "EACCES", "EPERM", "EAFNOSUPPORT"])(
  "where not even a free port can be had (%s): port_unavailable",
  async (code) => {
    const listen: Listen = async () => {
      throw systemError(code)
    }
    await expect(openCallbackServer({ port: 16424, listen })).rejects.toMatchObject({
      code: "port_unavailable",
      details: { code },
    })
  },
)

test("before anybody waits it answers 404, and closing ends open connections", async () => {
  const server = await openCallbackServer({ port: 0 })
  expect((await fetch(`http://127.0.0.1:${server.port}/callback`)).status).toBe(404)
  const socket = connect(server.port, "127.0.0.1")
  socket.on("error", () => {})
  await once(socket, "connect")
  const closed = once(socket, "close")
  socket.resume()
  await server.close()
  await closed
  expect(await answers("127.0.0.1", server.port)).toBe(false)
})

test("the port can be had again at once after closing", async () => {
  const { port, close } = await openCallbackServer({ port: 0 })
  await close()
  const next = createServer()
  onTestFinished(() => void next.close())
  next.listen(port, "127.0.0.1")
  await once(next, "listening")
})
