import { BlockList, isIP } from "node:net"
import { getConnInfo } from "@hono/node-server/conninfo"
import type { Context } from "hono"

/** Tells the address a request came from: an IP address as text, or `unknown` where there is no socket. */
export type ClientAddress = (c: Context) => string

/**
 * The address of the peer; where the peer is a trusted proxy, the rightmost address of `X-Forwarded-For` that is not one.
 * Nothing else is believed: whoever is not a trusted proxy can write what it likes into that header.
 * @param trustedProxies IP addresses and CIDR ranges
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = new BlockList()
  for (const entry of trustedProxies) {
    const [address = "", prefix] = entry.split("/")
    const family = isIP(address) === 6 ? "ipv6" : "ipv4"
    if (prefix === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(prefix), family)
  }
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")

  return function clientAddress(c) {
    const peer = peerAddress(c)
    if (peer === null) return "unknown"
    if (!isTrusted(peer)) return peer
    let nearest = peer
    for (const hop of (c.req.header("x-forwarded-for") ?? "").split(",").reverse()) {
      const address = plainAddress(hop.trim())
      if (address === null) return nearest
      if (!isTrusted(address)) return address
      nearest = address
    }
    return nearest
  }
}

function peerAddress(c: Context): string | null {
  const bindings: unknown = c.env
  const overSocket = typeof bindings === "object" && bindings !== null && "incoming" in bindings
  return overSocket ? plainAddress(getConnInfo(c).remote.address ?? "") : null
}

/** An address without port or brackets, and IPv4 in its own notation where it is mapped into IPv6. */
function plainAddress(text: string): string | null {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text
  const address = bare.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "")
  return isIP(address) === 0 ? null : address
}
