import { networkKindOf } from "../network-kind.ts"

/** Where something came from, in words: an address, and what it means that cannot be seen in it. @param address `null`, or no IP address: not known */
export function placeOf(address: string | null): string {
  const kind = networkKindOf(address ?? "")
  if (address === null || kind === "unknown") return "not known"
  if (kind === "this_machine") return `${address} (this server's own machine)`
  return kind === "private" ? `${address} (private network)` : address
}
