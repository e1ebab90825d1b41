import { isIP, isIPv4, isIPv6, SocketAddress } from "node:net"
import type { ALLOWLISTS, Allowlist, AllowlistEntry } from "@authchemy/protocol"
import { refusedField } from "./query.ts"

/** The field of an app that holds an allow-list. */
export type AllowlistField = (typeof ALLOWLISTS)[Allowlist]

type Rule = {
  /** What a value must be, for people. */
  accepts: string
  /** What two values have in common that mean the same; `null`: not what the list takes. */
  sameness(value: string): string | null
}

const RULES: Record<AllowlistField, Rule> = {
  addressAllowlist: {
    accepts:
      "must be 0x and 40 or 64 hex digits, or an address of another kind: printable ASCII without blanks",
    sameness: sameAddress,
  },
  originAllowlist: {
    accepts:
      "must be a host name or scheme://host[:port], without a path; the first label may be *, for example https://*.example.com",
    sameness: sameOrigin,
  },
  ipAllowlist: {
    accepts: "must be an IPv4 or IPv6 address, or a CIDR range, for example 203.0.113.0/24",
    sameness: sameNetwork,
  },
}

/**
 * Holds the entries of an allow-list to what that list takes: each value of its kind, and none twice, in whatever way it is written.
 * @throws RequestRefused 400, naming the first entry that is wrong
 */
export function requireAllowlistValues(field: AllowlistField, entries: readonly AllowlistEntry[]): void {
  const { accepts, sameness } = RULES[field]
  const seen = new Map<string, number>()
  for (const [index, { value }] of entries.entries()) {
    const same = sameness(value)
    if (same === null) throw refusedField(`${field}.${index}.value`, accepts)
    const earlier = seen.get(same)
    if (earlier !== undefined) {
      const rule = `must be in the list once; ${field}.${earlier} is the same`
      throw refusedField(`${field}.${index}.value`, rule)
    }
    seen.set(same, index)
  }
}

/**
 * `0x` and 20 bytes (Ethereum and its kin; the case of the digits is a checksum, EIP-55, and no part of the address) or 32 bytes (Starknet, Sui,
 * Aptos). Addresses of other kinds mostly tell cases apart (Solana's base58 does).
 */
function sameAddress(value: string): string | null {
  if (/^0x/i.test(value)) return /^0x([\da-f]{40}|[\da-f]{64})$/i.test(value) ? value.toLowerCase() : null
  return /^[\x21-\x7e]+$/.test(value) ? value : null
}

const SCHEME_HOST_PORT = /^[a-z][a-z\d+.-]*:\/\/(?<host>\[[^\]]*\]|[^:[\]]*)(?::(?<port>\d+))?$/i

/** Schemes and host names know no case (RFC 3986 §3.1, §3.2.2). */
function sameOrigin(value: string): string | null {
  const { host = value, port = "80" } = SCHEME_HOST_PORT.exec(value)?.groups ?? {}
  const inRange = /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535
  return inRange && isHost(host) ? value.toLowerCase() : null
}

/** A host name (RFC 1123 §2.1, and `_`, which browsers let pass), its first label `*` or not; an IPv4 address; an IPv6 address in brackets. */
function isHost(host: string): boolean {
  if (host.startsWith("[")) return host.endsWith("]") && !host.includes("%") && isIPv6(host.slice(1, -1))
  const labels = host.split(".")
  if (/^\d+$/.test(labels.at(-1) ?? "")) return isIPv4(host)
  if (labels[0] === "*") labels.shift()
  return (
    host.length <= 253 &&
    labels.length > 0 &&
    labels.every((label) => /^[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?$/i.test(label))
  )
}

/** An address alone is the range that holds nothing else. */
function sameNetwork(value: string): string | null {
  const [address = "", prefix, ...rest] = value.split("/")
  const version = isIP(address)
  if (version === 0 || address.includes("%") || rest.length > 0) return null
  const bits = version === 6 ? 128 : 32
  if (prefix !== undefined && (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits)) return null
  const written = new SocketAddress({ address, family: version === 6 ? "ipv6" : "ipv4" }).address
  return `${written}/${prefix ?? bits}`
}
