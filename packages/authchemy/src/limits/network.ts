import { isIPv6 } from "node:net"

/**
 * What an address is counted as: an IPv6 address stands for its /64, because whoever has one of its addresses has them all (RFC 6177 §2); anything
 * else stands for itself.
 * @returns for IPv6 `a:b:c:d::/64`, without leading zeros and in small letters
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const canonical = new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1)
  const [head = [], tail = []] = canonical.split("::").map((part) => part.split(":").filter(Boolean))
  const zeros = Array<string>(8 - head.length - tail.length).fill("0")
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(":")}::/64`
}
