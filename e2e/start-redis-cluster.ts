import { type RedisProcess, startRedisProcess } from "./start-redis.ts"
import { ask, until } from "./start-redis-sentinel.ts"

const NODE_TIMEOUT_MS = 1_000

/** A Redis Cluster: three primaries with one replica each. */
export type RedisClusterProcesses = {
  /** `redis+cluster://…`, as `parseRedisUrl` reads it. */
  readonly url: string
  readonly nodes: readonly RedisProcess[]
  /** The node that holds a slot now. */
  primaryOf(slot: number): Promise<RedisProcess>
  /** Moves a slot and the keys in it. `pauses` runs while both nodes have a part in it: with the keys here still, and with the first half of their names moved. */
  moveSlot(slot: number, to: RedisProcess, pauses?: () => Promise<void>): Promise<void>
  stop(): Promise<void>
}

/** Starts real nodes on loopback. Resolves when every node says that the Cluster is whole, and each primary has its replica. */
export async function startCluster(): Promise<RedisClusterProcesses> {
  const nodes = await Promise.all(Array.from({ length: 6 }, () => startNode()))
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  try {
    await join(nodes)
    await until("the Cluster is whole", () => isWhole(nodes))
  } catch (error) {
    await stop()
    throw error
  }
  const nodeAt = (port: number) => {
    const node = nodes.find((one) => one.port === port)
    if (node === undefined) throw new Error(`no node listens on ${port}`)
    return node
  }
  const primaryOf = async (slot: number) => {
    for (const { port } of nodes) {
      const map = await shards(port).catch(() => [])
      const shard = map.find(([first, last]) => first <= slot && slot <= last)
      if (shard !== undefined) return nodeAt(shard[2][1])
    }
    throw new Error(`no node holds slot ${slot}`)
  }
  return {
    url: `redis+cluster://${nodes
      .slice(0, 3)
      .map(({ port }) => `127.0.0.1:${port}`)
      .join(",")}`,
    nodes,
    primaryOf,
    moveSlot: async (slot, to, pauses = async () => {}) => {
      const from = await primaryOf(slot)
      const [fromId, toId] = [await idOf(from), await idOf(to)]
      const name = String(slot)
      await ask(to.port, "CLUSTER", "SETSLOT", name, "IMPORTING", fromId)
      await ask(from.port, "CLUSTER", "SETSLOT", name, "MIGRATING", toId)
      await pauses()
      const keys = async (most: number) =>
        (await ask(from.port, "CLUSTER", "GETKEYSINSLOT", name, String(most))) as string[]
      const migrate = (some: string[]) =>
        ask(from.port, "MIGRATE", "127.0.0.1", String(to.port), "", "0", "5000", "KEYS", ...some)
      const all = (await keys(10_000)).sort()
      if (all.length > 0) await migrate(all.slice(0, Math.ceil(all.length / 2)))
      await pauses()
      for (let some = await keys(100); some.length > 0; some = await keys(100)) await migrate(some)
      for (const { port } of [to, from]) await ask(port, "CLUSTER", "SETSLOT", name, "NODE", toId)
    },
    stop,
  }
}

/** Whether every node says that all slots are held, and that each primary and its replica are connected. */
async function isWhole(nodes: readonly RedisProcess[]): Promise<boolean> {
  for (const { port } of nodes) {
    const map = await shards(port)
    const replication = String(await ask(port, "INFO", "replication"))
    const isUp = replication.includes("role:master") ? /state=online/ : /master_link_status:up/
    const hasAll = map.length === 3 && map.every((shard) => shard.length === 4)
    if (!hasAll || !isUp.test(replication)) return false
    if (!String(await ask(port, "CLUSTER", "INFO")).includes("cluster_state:ok")) return false
  }
  return true
}

async function startNode(): Promise<RedisProcess> {
  return startRedisProcess({
    flags: [
      ...["--maxmemory-policy", "noeviction", "--cluster-enabled", "yes"],
      ...[
        "--cluster-node-timeout",
        String(NODE_TIMEOUT_MS),
        "--repl-diskless-sync-delay",
        "0",
        "--repl-ping-replica-period",
        "1",
      ],
    ],
  })
}

/** What `redis-cli --cluster create` does, without its pauses. The first three become primaries, the others their replicas in this order. */
async function join(nodes: readonly RedisProcess[]): Promise<void> {
  const primaries = nodes.slice(0, 3)
  const bounds = [0, 5461, 10_923, 16_384]
  for (const [index, { port }] of nodes.entries()) {
    await ask(port, "CLUSTER", "SET-CONFIG-EPOCH", String(index + 1))
  }
  for (const { port } of nodes) {
    for (const other of nodes) {
      if (other.port !== port) await ask(port, "CLUSTER", "MEET", "127.0.0.1", String(other.port))
    }
  }
  for (const [index, { port }] of primaries.entries()) {
    const range = [bounds[index] ?? 0, (bounds[index + 1] ?? 0) - 1]
    await ask(port, "CLUSTER", "ADDSLOTSRANGE", ...range.map(String))
  }
  const ids = await Promise.all(primaries.map(idOf))
  for (const [index, { port }] of nodes.slice(3).entries()) {
    await until("the nodes know each other", async () => {
      await ask(port, "CLUSTER", "REPLICATE", ids[index] ?? "")
      return true
    })
  }
}

type Shard = [first: number, last: number, primary: [host: string, port: number], ...replicas: unknown[]]

async function shards(port: number): Promise<Shard[]> {
  return (await ask(port, "CLUSTER", "SLOTS")) as Shard[]
}

async function idOf({ port }: RedisProcess): Promise<string> {
  return String(await ask(port, "CLUSTER", "MYID"))
}
