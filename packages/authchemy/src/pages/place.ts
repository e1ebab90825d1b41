import { type NetworkKind, networkKindOf } from "./network-kind.ts"

const KINDS: Readonly<Record<NetworkKind, string>> = {
  this_machine: "the server's own machine",
  private: "a private network",
  internet: "the internet",
  unknown: "an unknown place",
}

/** Where something came from, in words: an address, and what it means that cannot be seen in it. @param address `null`, or no IP address: not known */
export function placeOf(address: string | null): string {
  const kind = networkKindOf(address ?? "")
  if (address === null || kind === "unknown") return "not known"
  return kind === "internet" ? address : `${address} (${KINDS[kind]})`
}

/** What a program or a browser is on, after “on”, by the kind of its network. */
export function networkInWords(kind: NetworkKind): string {
  return KINDS[kind]
}
