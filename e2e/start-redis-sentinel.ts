import { createClient } from "@redis/client"
import { freePort, type RedisProcess, startRedisProcess } from "./start-redis.ts"

/** The name that the Sentinels know the primary by. */
const MASTER = "authchemy"
/** How long a server may be silent before the Sentinels hold it for down. */
const DOWN_AFTER_MS = 300

/** A primary, its replicas, and the Sentinels that watch over them. */
export type RedisSentinels = {
  /** `redis+sentinel://…`, as `parseRedisUrl` reads it. */
  readonly url: string
  /** The primary of the beginning, then its replicas. */
  readonly servers: readonly RedisProcess[]
  readonly sentinels: readonly RedisProcess[]
  /** The server that the Sentinels name now. */
  primary(): Promise<RedisProcess>
  /** Has the Sentinels make another server the primary, as for maintenance; resolves when they name it. */
  failOver(): Promise<void>
  stop(): Promise<void>
}

/** Starts real servers on loopback. Resolves when all replicas have the primary's data, and all Sentinels know each other. */
export async function startSentinel(
  options: { replicas?: 1 | 2; sentinels?: number } = {},
): Promise<RedisSentinels> {
  const { replicas = 1, sentinels: count = 3 } = options
  const flags = ["--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0", "--repl-timeout", "5"]
  const started: RedisProcess[] = []
  const start = async (options: Parameters<typeof startRedisProcess>[0]) => {
    const one = await startRedisProcess(options)
    started.push(one)
    return one
  }
  const stop = async () => {
    await Promise.all(started.map((one) => one.stop()))
  }
  const first = await start({ flags })
  const follow = ["--replicaof", `127.0.0.1 ${first.port}`]
  const quorum = Math.floor(count / 2) + 1
  const { servers, sentinels } = await (async () => {
    const others = await Promise.all(
      Array.from({ length: replicas }, () => start({ flags: [...flags, ...follow] })),
    )
    await until("the replicas follow", async () => {
      const info = String(await ask(first.port, "INFO", "replication"))
      return info.match(/state=online/g)?.length === replicas
    })
    const sentinels = await Promise.all(
      Array.from({ length: count }, async () => start(await sentinelOptions(first.port, quorum))),
    )
    await until("the Sentinels know all", async () => {
      const known = await Promise.all(sentinels.map(({ port }) => masterOf(port)))
      return known.every((one) => one.others === count - 1 && one.replicas === replicas)
    })
    return { servers: [first, ...others], sentinels }
  })().catch(async (error) => {
    await stop()
    throw error
  })

  const primary = async () => {
    for (const { port } of sentinels) {
      const named = await masterOf(port).catch(() => null)
      const server = servers.find((one) => one.port === named?.port)
      if (server !== undefined) return server
    }
    throw new Error("no Sentinel answers")
  }
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",")}/${MASTER}`,
    servers,
    sentinels,
    primary,
    failOver: async () => {
      const before = await primary()
      await ask(sentinels[0]?.port ?? 0, "SENTINEL", "FAILOVER", MASTER)
      await until("another primary", async () => (await primary()) !== before)
    },
    stop,
  }
}

async function sentinelOptions(primaryPort: number, quorum: number) {
  const port = await freePort()
  return {
    port,
    flags: ["--sentinel"],
    configFile: [
      `port ${port}`,
      `sentinel monitor ${MASTER} 127.0.0.1 ${primaryPort} ${quorum}`,
      `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${MASTER} 3000`,
      "",
    ].join("\n"),
  }
}

async function masterOf(sentinelPort: number) {
  const reply = (await ask(sentinelPort, "SENTINEL", "MASTER", MASTER)) as Record<string, string>
  return {
    port: Number(reply.port),
    others: Number(reply["num-other-sentinels"]),
    replicas: Number(reply["num-slaves"]),
  }
}

/** One command on a connection of its own. */
export async function ask(port: number, ...words: string[]): Promise<unknown> {
  const client = createClient({
    socket: { host: "127.0.0.1", port, reconnectStrategy: false, connectTimeout: 1_000 },
  })
  client.on("error", () => {})
  await client.connect()
  try {
    return await client.sendCommand(words)
  } finally {
    client.destroy()
  }
}

/** Asks again and again until it is so. */
export async function until(what: string, isSo: () => Promise<boolean>, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs
  while (!(await isSo().catch(() => false))) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
