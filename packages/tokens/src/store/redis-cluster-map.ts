import { SLOTS } from "./redis-slot.ts"
import type { RedisSocket } from "./redis-socket.ts"
import type { Address } from "./redis-url.ts"

/** Which primary holds which slots, as one node sees it. */
export type ClusterMap = {
  /** The later, the newer. */
  readonly epoch: number
  readonly ranges: readonly { readonly first: number; readonly last: number; readonly primary: Address }[]
}

/**
 * Asks one node.
 * @throws Error where it does not answer, is no part of a Cluster, or says that the Cluster is down: cut off from the others, it may not know better
 */
export async function readClusterMap(socket: RedisSocket): Promise<ClusterMap> {
  const [info, slots] = await Promise.all([
    socket.send(["CLUSTER", "INFO"]),
    socket.send(["CLUSTER", "SLOTS"]),
  ])
  const read = (name: string) => new RegExp(`^${name}:(\\S+)`, "m").exec(String(info))?.[1]
  if (read("cluster_state") !== "ok") {
    throw new Error(
      `Redis Cluster is down, as ${socket.address.host}:${socket.address.port} says; see: redis-cli --cluster check`,
    )
  }
  const ranges = (slots as [number, number, [string | null, number]][]).map(
    ([first, last, [host, port]]) => ({
      first,
      last,
      primary: { host: host || socket.address.host, port },
    }),
  )
  return { epoch: Number(read("cluster_current_epoch")), ranges }
}

/** What a node that does not hold a slot answers. */
export type Redirection = { readonly kind: "MOVED" | "ASK"; readonly address: Address }

/**
 * @param error `MOVED <slot> <host>:<port>` or `ASK <slot> <host>:<port>`; else the answer is `null`
 * @param asked whose address is meant where the host is left out
 */
export function redirectionOf(error: unknown, asked: Address | null): Redirection | null {
  const match = error instanceof Error ? /^(MOVED|ASK) \d+ (.*):(\d+)$/.exec(error.message) : null
  if (match === null) return null
  const host = match[2] || asked?.host || ""
  return { kind: match[1] === "ASK" ? "ASK" : "MOVED", address: { host, port: Number(match[3]) } }
}

/** The primary of each slot; `undefined` where none is known. */
export function spread<T>(map: ClusterMap, primaryAt: (address: Address) => T): (T | undefined)[] {
  const bySlot = new Array<T | undefined>(SLOTS)
  for (const { first, last, primary } of map.ranges) bySlot.fill(primaryAt(primary), first, last + 1)
  return bySlot
}
