import { createLink, type Link } from "./redis-link.ts"
import { openSocket, type RedisAccess, type RedisSocket, type WatchSocket } from "./redis-socket.ts"
import { within } from "./redis-time-limit.ts"
import { createLone, type Topology } from "./redis-topology.ts"
import type { Address, RedisTarget } from "./redis-url.ts"

/** How often the Sentinels are asked whether the primary is still the one that is used. */
const WATCH_MS = 1_000
/** How long is waited for a majority of the Sentinels: one may have to be connected to first. */
const MAJORITY_LIMIT_MS = 2_000

/**
 * The primary that Sentinels name. Not node-redis's own Sentinel client (6.3): during a failover, commands wait in it for the next primary, 5 to 7 seconds when this was tried, and a
 * command whose connection broke is sent again, though it may have been done.
 *
 * Of what the Sentinels say the newest counts (the highest configuration epoch), once a majority has answered: one that is cut off together with a former primary
 * is outvoted. What they name must say itself that it is a primary (`ROLE`). See Redis's "Guidelines for Redis clients with support for Redis Sentinel".
 */
export function createSentinel(
  target: RedisTarget,
  access: RedisAccess,
  onError: (error: Error) => void,
): Topology {
  const { masterName } = target
  const sentinelAccess = { credentials: target.sentinelCredentials, database: 0, tls: access.tls }
  const sentinels = target.addresses.map((address) =>
    createLink({ open: (watch) => openSocket(address, sentinelAccess, watch), onError }),
  )
  const subscribers = new Set<RedisSocket>()
  const openPrimary = async (watch: WatchSocket) =>
    openAsPrimary(await findPrimary(sentinels, masterName), access, watch)
  const lone = createLone(openPrimary, onError)

  const leaveFormerPrimary = async () => {
    const { host, port } = await findPrimary(sentinels, masterName)
    const isFormer = ({ address }: RedisSocket) => address.host !== host || address.port !== port
    lone.primary.leave(isFormer)
    for (const socket of subscribers)
      if (isFormer(socket)) socket.lose(new Error("Redis has another primary now"))
  }
  // Where no Sentinel answers, the primary that is known is kept; each Sentinel's own link reports its trouble.
  const watching = setInterval(() => leaveFormerPrimary().catch(() => {}), WATCH_MS)
  watching.unref()

  return {
    ...lone,
    openSubscriber: async (watch) => {
      const known: { socket?: RedisSocket } = {}
      const onLost = (error: Error) => {
        if (known.socket !== undefined) subscribers.delete(known.socket)
        watch.onLost(error)
      }
      known.socket = await openPrimary({ ...watch, onLost })
      subscribers.add(known.socket)
      return known.socket
    },
    close: async () => {
      clearInterval(watching)
      await Promise.all([lone.close(), ...sentinels.map((link) => link.close())])
    },
  }
}

async function openAsPrimary(
  address: Address,
  access: RedisAccess,
  watch: WatchSocket,
): Promise<RedisSocket> {
  const socket = await openSocket(address, access, watch)
  const [role] = (await socket.send(["ROLE"]).catch((error) => {
    socket.destroy()
    throw error
  })) as [string]
  if (role === "master") return socket
  socket.destroy()
  throw new Error(`Redis at ${address.host}:${address.port} is to be the primary, but is still a replica`)
}

type Named = { readonly address: Address; readonly epoch: number }

async function findPrimary(sentinels: readonly Link[], masterName: string): Promise<Address> {
  const answers: Named[] = []
  const faults: Error[] = []
  const { promise: majority, resolve } = Promise.withResolvers<void>()
  const asked = sentinels.map(async (link) => {
    try {
      const socket = await link.connected()
      answers.push(named(await socket.send(["SENTINEL", "MASTER", masterName])))
      if (answers.length * 2 > sentinels.length) resolve()
    } catch (error) {
      faults.push(error as Error)
    }
  })
  await within(MAJORITY_LIMIT_MS, Promise.race([majority, Promise.all(asked)])).catch(() => {})
  const newest = answers.reduce<Named | null>(
    (best, one) => (best === null || one.epoch > best.epoch ? one : best),
    null,
  )
  if (newest !== null) return newest.address
  const why = faults[0]?.message ?? "none answered in time"
  throw new Error(`no Sentinel names the primary of ${JSON.stringify(masterName)}: ${why}`)
}

/** `SENTINEL MASTER` answers a map. */
function named(reply: unknown): Named {
  const { ip, port, "config-epoch": epoch } = reply as Record<string, string | undefined>
  return { address: { host: ip ?? "", port: Number(port) }, epoch: Number(epoch) }
}
