import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { getRequestListener } from "@hono/node-server"
import { Hono } from "hono"
import { describe, expect, onTestFinished, test } from "vitest"
import { createClientAddress } from "./client-address.ts"

/** Asks a real server on loopback for the address it sees. */
async function addressSeen(trustedProxies: string[], forwardedFor: string | null): Promise<string> {
  const clientAddress = createClientAddress(trustedProxies)
  const app = new Hono().get("/", (c) => c.text(clientAddress(c)))
  const server = createServer(getRequestListener(app.fetch))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const headers: Record<string, string> = forwardedFor === null ? {} : { "X-Forwarded-For": forwardedFor }
  return (await fetch(`http://127.0.0.1:${port}/`, { headers })).text()
}

describe("S33 the address of a request", () => {
  test.each([
    ["no proxy is trusted", [], "203.0.113.9", "127.0.0.1"],
    ["another proxy is trusted", ["10.0.0.0/8"], "203.0.113.9", "127.0.0.1"],
    ["the peer is trusted", ["127.0.0.1"], "203.0.113.9", "203.0.113.9"],
    ["the client wrote a header of its own", ["127.0.0.1"], "1.1.1.1, 203.0.113.9", "203.0.113.9"],
    ["two proxies are trusted", ["127.0.0.0/8", "10.0.0.0/8"], "203.0.113.9, 10.1.2.3", "203.0.113.9"],
    ["all hops are trusted", ["127.0.0.0/8", "10.0.0.0/8"], "10.0.0.1, 10.1.2.3", "10.0.0.1"],
    ["the header is junk", ["127.0.0.1"], "<script>", "127.0.0.1"],
    ["junk stands before a trusted hop", ["127.0.0.1", "10.0.0.1"], "unknown, 10.0.0.1", "10.0.0.1"],
    ["there is no header", ["127.0.0.1"], null, "127.0.0.1"],
    ["the hop has a port", ["127.0.0.1"], "203.0.113.9:4711", "203.0.113.9"],
    ["the hop is IPv6 with a port", ["127.0.0.1"], "[2001:db8::1]:4711", "2001:db8::1"],
    ["the hop is IPv4 mapped into IPv6", ["127.0.0.1"], "::ffff:203.0.113.9", "203.0.113.9"],
    ["an IPv6 range is trusted", ["127.0.0.1", "2001:db8::/32"], "203.0.113.9, 2001:db8::2", "203.0.113.9"],
  ])("%s", async (_, trusted, forwardedFor, seen) => {
    expect(await addressSeen(trusted, forwardedFor)).toBe(seen)
  })

  test("without a socket it is unknown", async () => {
    const clientAddress = createClientAddress([])
    const app = new Hono().get("/", (c) => c.text(clientAddress(c)))
    expect(await (await app.request("/", { headers: { "X-Forwarded-For": "1.1.1.1" } })).text()).toBe(
      "unknown",
    )
  })
})
