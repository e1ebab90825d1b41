import { type ClusterMap, readClusterMap, spread } from "./redis-cluster-map.ts"
import { createPrimary, type Primary } from "./redis-primary.ts"
import { slotOf } from "./redis-slot.ts"
import { openSocket, type RedisAccess, type RedisSocket } from "./redis-socket.ts"
import type { Topology } from "./redis-topology.ts"
import type { Address, RedisTarget } from "./redis-url.ts"

/** How often the nodes are asked for the map of slots while a primary is out of reach. */
const REFRESH_MS = 200

/** The primaries of a Cluster and what slots they hold, kept up to date. */
export type ClusterNodes = Omit<Topology, "visit"> & {
  /** The primary at this address, which is connected to where it is new. */
  primaryAt(address: Address): Primary
  /** What a redirection says of the slot of a key, until the next map. */
  move(key: string, primary: Primary): void
  /** Something was not as the map says: it is read anew soon. */
  refreshLater(): void
}

/**
 * Follows the map of slots. It is read from the primaries themselves, anew after every trouble and until each primary is in reach.
 */
export function createClusterNodes(
  target: RedisTarget,
  access: RedisAccess,
  onError: (error: Error) => void,
): ClusterNodes {
  const primaries = new Map<string, Primary & { address: Address }>()
  let bySlot: (Primary | undefined)[] = []
  let refreshing: Promise<void> | null = null
  let timer: NodeJS.Timeout | undefined
  const subscribers = new Set<RedisSocket>()
  const ending = new AbortController()

  const primaryAt = (address: Address): Primary => {
    const name = nameOf(address)
    const known = primaries.get(name)
    if (known !== undefined) return known
    ending.signal.throwIfAborted()
    const primary = createPrimary({
      open: (watch) => openSocket(address, access, watch),
      onError: (error) => {
        onError(error)
        refreshLater()
      },
    })
    primaries.set(name, { ...primary, address })
    return primary
  }

  const refreshLater = () => {
    if (ending.signal.aborted) return
    timer ??= setTimeout(() => {
      timer = undefined
      refresh().catch(() => {})
    }, REFRESH_MS).unref()
  }
  /** Several calls at once are one. */
  const refresh = (): Promise<void> => {
    refreshing ??= readMaps()
      .then(adopt)
      .finally(() => {
        refreshing = null
        if (!isWhole()) refreshLater()
      })
    return refreshing
  }
  const isWhole = () =>
    primaries.size > 0 && [...primaries.values()].every(({ commands }) => commands.current() !== null)

  /** The newest of the maps that the primaries have; where none answers, that of the first node of the URL that does. */
  const readMaps = async (): Promise<ClusterMap> => {
    const sockets = [...primaries.values()].flatMap(({ commands }) => commands.current() ?? [])
    const known = await Promise.allSettled(sockets.map(readClusterMap))
    const maps = known.flatMap((one) => (one.status === "fulfilled" ? one.value : []))
    if (maps.length > 0) return maps.reduce((best, one) => (one.epoch > best.epoch ? one : best))
    const seeds = target.addresses.map((address) => readSeed(address, access, ending.signal))
    return await Promise.any(seeds).catch((error: AggregateError) => {
      throw error.errors[0]
    })
  }

  const adopt = (map: ClusterMap) => {
    if (ending.signal.aborted) return
    bySlot = spread(map, primaryAt)
    const named = new Set(map.ranges.map(({ primary }) => nameOf(primary)))
    for (const [name, primary] of primaries) {
      if (named.has(name)) continue
      primaries.delete(name)
      void primary.close()
    }
    for (const { commands } of primaries.values()) commands.connected().catch(() => {})
    for (const socket of subscribers) {
      if (!named.has(nameOf(socket.address)))
        socket.lose(new Error("this node of the Cluster is no primary any more"))
    }
  }

  const primaryOf = (key: string): Primary => {
    const primary = bySlot[slotOf(key)]
    if (primary !== undefined) return primary
    refreshLater()
    throw new Error("no primary of the Redis Cluster holds this slot; see: redis-cli --cluster check")
  }

  return {
    primaryAt,
    move: (key, primary) => {
      bySlot[slotOf(key)] = primary
    },
    refreshLater,
    connect: async () => {
      await refresh()
      await Promise.all([...primaries.values()].map(({ commands }) => commands.connected()))
    },
    primaries: () => [...primaries.values()],
    primaryOf,
    openSubscriber: async (watch) => {
      const addresses = [...primaries.values()].flatMap(({ address, commands }) =>
        commands.current() ? address : [],
      )
      const address = addresses[Math.floor(Math.random() * addresses.length)]
      if (address === undefined) throw new Error("no primary of the Redis Cluster is in reach")
      const known: { socket?: RedisSocket } = {}
      const onLost = (error: Error) => {
        if (known.socket !== undefined) subscribers.delete(known.socket)
        watch.onLost(error)
      }
      known.socket = await openSocket(address, access, { ...watch, onLost })
      subscribers.add(known.socket)
      return known.socket
    },
    close: async () => {
      ending.abort(new Error("the connection is closed"))
      clearTimeout(timer)
      await Promise.all([...primaries.values()].map((primary) => primary.close()))
    },
  }
}

const nameOf = ({ host, port }: Address) => `${host}:${port}`

async function readSeed(address: Address, access: RedisAccess, signal: AbortSignal): Promise<ClusterMap> {
  const socket = await openSocket(address, access, { onLost: () => {}, signal })
  try {
    return await readClusterMap(socket)
  } finally {
    socket.destroy()
  }
}
