import { BlockList, isIP } from "node:net"

/** Where a network address is, as far as the address itself tells. */
export type NetworkKind = "this_machine" | "private" | "internet" | "unknown"

/** @param address as `ClientAddress` tells it */
export function networkKindOf(address: string): NetworkKind {
  const family = isIP(address.replace(/%.*$/, ""))
  if (family === 0) return "unknown"
  const type = family === 6 ? "ipv6" : "ipv4"
  const bare = address.replace(/%.*$/, "")
  if (LOOPBACK.check(bare, type)) return "this_machine"
  return PRIVATE.check(bare, type) ? "private" : "internet"
}

const LOOPBACK = listOf(["127.0.0.0/8", "::1/128"])
/** RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 §2.5.6. */
const PRIVATE = listOf([
  ...["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"],
  ...["fc00::/7", "fe80::/10"],
])

function listOf(subnets: readonly string[]): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address = "", prefix] = subnet.split("/")
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? "ipv6" : "ipv4")
  }
  return list
}
