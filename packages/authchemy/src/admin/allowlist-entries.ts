import { type AllowlistEntry, type AllowlistField, sameAllowlistValue } from "@authchemy/protocol"
import { refusedField } from "./query.ts"

/** What a value must be, for people. */
const ACCEPTS: Readonly<Record<AllowlistField, string>> = {
  addressAllowlist:
    "must be 0x and 40 or 64 hex digits, or an address of another kind: printable ASCII without blanks",
  originAllowlist:
    "must be a host name or scheme://host[:port], without a path; the first label may be *, for example https://*.example.com",
  ipAllowlist: "must be an IPv4 or IPv6 address, or a CIDR range, for example 203.0.113.0/24",
}

/**
 * Holds the entries of an allow-list to what that list takes: each value of its kind, and none twice, in whatever way it is written.
 * @throws RequestRefused 400, naming the first entry that is wrong
 */
export function requireAllowlistValues(field: AllowlistField, entries: readonly AllowlistEntry[]): void {
  const seen = new Map<string, number>()
  for (const [index, { value }] of entries.entries()) {
    const same = sameAllowlistValue(field, value)
    if (same === null) throw refusedField(`${field}.${index}.value`, ACCEPTS[field])
    const earlier = seen.get(same)
    if (earlier !== undefined) {
      const rule = `must be in the list once; ${field}.${earlier} is the same`
      throw refusedField(`${field}.${index}.value`, rule)
    }
    seen.set(same, index)
  }
}
