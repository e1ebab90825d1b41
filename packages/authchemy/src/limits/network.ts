import { isIPv6 } from "node:net"

/**
 * What an address is counted as: an IPv6 address stands for its /64, because whoever has one of its addresses has them all (RFC 6177 §2); anything
 * else stands for itself.
 * @returns for IPv6 `a:b:c:d::/64`, without leading zeros and in small letters
 */
export function networkOf(address: string): string {
  return isIPv6(address) ? `${groupsOf(address).slice(0, 4).join(":")}::/64` : address
}

/**
 * The /48 of an IPv6 address: what one customer may be given, with 65,536 networks in it (RFC 6177 §2).
 * @returns `a:b:c::/48`; `null` for anything else
 */
export function siteOf(address: string): string | null {
  return isIPv6(address) ? `${groupsOf(address).slice(0, 3).join(":")}::/48` : null
}

/** The eight groups of an IPv6 address, without leading zeros and in small letters. */
function groupsOf(address: string): string[] {
  const canonical = new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1)
  const [head = [], tail = []] = canonical.split("::").map((part) => part.split(":").filter(Boolean))
  const zeros = Array<string>(8 - head.length - tail.length).fill("0")
  return [...head, ...zeros, ...tail]
}
