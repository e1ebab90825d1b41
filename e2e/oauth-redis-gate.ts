import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

/** A proxy in front of Redis that can keep an answer back at a chosen moment. */
export type RedisGate = {
  url: string
  /**
   * From now on lets `count` answers of Redis through and keeps back all that follow. Resolves when Redis has given the first of those: it
   * has done the work, and the server does not know.
   */
  keepBackAfter(count: number): Promise<void>
  stop(): Promise<void>
}

/** @param target a `redis://host:port/database` URL */
export async function openRedisGate(target: string): Promise<RedisGate> {
  const { hostname, port, pathname } = new URL(target)
  const sockets = new Set<Socket>()
  let left = Number.POSITIVE_INFINITY
  let keptBack = () => {}
  const gate = createServer((client) => {
    const redis = connect(Number(port), hostname)
    for (const socket of [client, redis]) {
      sockets.add(socket)
      socket.on("error", () => {})
    }
    client.on("data", (bytes) => redis.write(bytes))
    redis.on("data", (bytes) => {
      if (left-- > 0) client.write(bytes)
      else keptBack()
    })
    client.on("close", () => redis.destroy())
    redis.on("close", () => client.destroy())
  })
  gate.listen(0, "127.0.0.1")
  await once(gate, "listening")
  return {
    url: `redis://127.0.0.1:${(gate.address() as AddressInfo).port}${pathname}`,
    keepBackAfter: (count) =>
      new Promise((resolve) => {
        left = count
        keptBack = resolve
      }),
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      gate.close()
      await once(gate, "close")
    },
  }
}
