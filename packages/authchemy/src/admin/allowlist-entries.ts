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

/** What is wrong with an entry: what it must be, or that it is the same as an earlier one. Both are told by their places in the list. */
export type AllowlistProblem = { index: number; rule: string } | { index: number; sameAs: number }

/** The first entry that is not what the list takes: each value of its kind, and none twice, in whatever way it is written. */
export function allowlistProblem(
  field: AllowlistField,
  entries: readonly AllowlistEntry[],
): AllowlistProblem | null {
  const seen = new Map<string, number>()
  for (const [index, { value }] of entries.entries()) {
    const same = sameAllowlistValue(field, value)
    if (same === null) return { index, rule: ACCEPTS[field] }
    const sameAs = seen.get(same)
    if (sameAs !== undefined) return { index, sameAs }
    seen.set(same, index)
  }
  return null
}

/**
 * Holds the entries of an allow-list to what that list takes.
 * @throws RequestRefused 400, naming the first entry that is wrong
 */
export function requireAllowlistValues(field: AllowlistField, entries: readonly AllowlistEntry[]): void {
  const problem = allowlistProblem(field, entries)
  if (problem === null) return
  const rule =
    "sameAs" in problem ? `must be in the list once; ${field}.${problem.sameAs} is the same` : problem.rule
  throw refusedField(`${field}.${problem.index}.value`, rule)
}
