import { setTimeout as pause } from "node:timers/promises"
import { redirectionOf } from "./redis-cluster-map.ts"
import { createClusterNodes } from "./redis-cluster-nodes.ts"
import type { Primary } from "./redis-primary.ts"
import { isReply } from "./redis-script-call.ts"
import type { RedisAccess } from "./redis-socket.ts"
import { within } from "./redis-time-limit.ts"
import type { Topology, Visit } from "./redis-topology.ts"
import type { RedisTarget } from "./redis-url.ts"

const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 50
/** So many redirections of one command are followed at once: more means that the nodes do not agree yet. */
const REDIRECTIONS = 3

/**
 * A Redis Cluster. Not node-redis's own Cluster client (6.3): there, a primary that went silent keeps its slots after its replica took over, for as long as its connection
 * does not break, and nothing ties a script and its `WAIT` to one connection.
 *
 * A slot that moves is on two nodes for a while, some keys here, some there. Redis looks for the declared keys of a script before it runs it, and where it has not got all of them, it
 * answers ASK or TRYAGAIN and does nothing; such a call is made again until the keys are together. So a script must declare every key that it touches: what Redis says to a script
 * halfway ("attempted to access a non local key") comes after its first writes, and is never tried again here.
 * (Redis Cluster specification, Live reconfiguration, and Multiple keys operations.)
 */
export function createCluster(
  target: RedisTarget,
  access: RedisAccess,
  onError: (error: Error) => void,
): Topology {
  const nodes = createClusterNodes(target, access, onError)

  const visit = async <T>(key: string, limitMs: number, work: (visit: Visit) => Promise<T>): Promise<T> => {
    const until = performance.now() + limitMs
    const left = () => until - performance.now()
    let next: { primary: Primary; asking: boolean } | null = null
    for (let pauseMs = FIRST_PAUSE_MS, redirections = 0; ; ) {
      const { primary, asking }: { primary: Primary; asking: boolean } = next ?? {
        primary: nodes.primaryOf(key),
        asking: false,
      }
      next = null
      try {
        return await work({ primary, asking, limitMs: Math.max(1, left()) })
      } catch (error) {
        nodes.refreshLater()
        const redirection = redirectionOf(error, primary.commands.current()?.address ?? null)
        if (left() <= pauseMs || (redirection === null && !isPassing(error))) throw error
        if (redirection !== null && redirections++ < REDIRECTIONS) {
          next = { primary: nodes.primaryAt(redirection.address), asking: redirection.kind === "ASK" }
          if (redirection.kind === "MOVED") nodes.move(key, next.primary)
          await within(left(), next.primary.commands.connected())
        } else {
          await pause(pauseMs)
          pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
        }
      }
    }
  }

  return { ...nodes, visit }
}

/** Nothing was done, and soon it can be. */
function isPassing(error: unknown): boolean {
  return isReply(error, "TRYAGAIN") || isReply(error, "CLUSTERDOWN")
}
