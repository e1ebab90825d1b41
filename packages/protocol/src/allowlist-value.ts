import type { ALLOWLISTS, Allowlist } from "./admin.ts"
import { addressBits, canonicalAddress } from "./ip-address.ts"

/** The field of an app that holds an allow-list. */
export type AllowlistField = (typeof ALLOWLISTS)[Allowlist]

const SAMENESS: Readonly<Record<AllowlistField, (value: string) => string | null>> = {
  addressAllowlist: sameAddress,
  originAllowlist: sameOrigin,
  ipAllowlist: sameNetwork,
}

/** What two values of an allow-list have in common that mean the same; `null`: the value is not what the list takes. */
export function sameAllowlistValue(field: AllowlistField, value: string): string | null {
  return SAMENESS[field](value)
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
  if (host.startsWith("[")) return host.endsWith("]") && addressBits(host.slice(1, -1)) === 128
  const labels = host.split(".")
  if (/^\d+$/.test(labels.at(-1) ?? "")) return addressBits(host) === 32
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
  const bits = addressBits(address)
  if (bits === null || rest.length > 0) return null
  if (prefix !== undefined && (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits)) return null
  return `${canonicalAddress(address)}/${prefix ?? bits}`
}
