import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

/** A TCP relay on 127.0.0.1 in front of a server, which can be made to swallow everything. */
export type TcpRelay = {
  readonly port: number
  /** Connections stay, and nothing comes through any more; new ones are accepted and lead nowhere. */
  freeze(): void
  /** New connections are let through again; the frozen ones stay frozen. */
  thaw(): void
  /** Ends all connections and stops listening. */
  close(): Promise<void>
}

/** @param target the server behind it */
export async function openTcpRelay(target: { hostname: string; port: string | number }): Promise<TcpRelay> {
  const sockets: Socket[] = []
  let isFrozen = false
  const server = createServer((near) => {
    sockets.push(near)
    near.on("error", () => near.destroy())
    if (isFrozen) return
    const far = connect(Number(target.port), target.hostname)
    sockets.push(far)
    far.on("error", () => far.destroy())
    near.pipe(far).pipe(near)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    port: (server.address() as AddressInfo).port,
    freeze: () => {
      isFrozen = true
      for (const socket of sockets) {
        socket.unpipe()
        socket.pause()
      }
    },
    thaw: () => {
      isFrozen = false
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    },
  }
}
