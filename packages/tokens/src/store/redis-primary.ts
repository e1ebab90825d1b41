import { createLink, keepAlive, type Link } from "./redis-link.ts"
import { createReplication, type Replication } from "./redis-replication.ts"
import { isReadOnly } from "./redis-script-call.ts"
import type { RedisSocket, WatchSocket } from "./redis-socket.ts"

/** A primary: the connection for commands, and the one for writes that replicas must have, which is made when it is first used. */
export type Primary = {
  readonly commands: Link
  replication(): Replication
  /** Leaves the connections that are wrong. */
  leave(isWrong: (socket: RedisSocket) => boolean): void
  close(): Promise<void>
}

/**
 * @param options.open finds the primary and connects to it
 * @param options.onError told once of each trouble
 */
export function createPrimary(options: {
  open: (watch: WatchSocket) => Promise<RedisSocket>
  onError: (error: Error) => void
}): Primary {
  const commands = createLink(options)
  let writes: { link: Link; replication: Replication } | null = null
  const heartbeats = [keepAlive(commands)]
  const links = () => (writes === null ? [commands] : [commands, writes.link])
  return {
    commands,
    replication: () => {
      if (writes === null) {
        const link = createLink(options)
        const replication = createReplication(link)
        heartbeats.push(keepAlive(link, () => !replication.isWaiting()))
        writes = { link, replication }
      }
      return writes.replication
    },
    leave: (isWrong) => {
      for (const link of links()) {
        const socket = link.current()
        if (socket !== null && isWrong(socket)) link.renew(socket)
      }
    },
    close: async () => {
      for (const stop of heartbeats) stop()
      await Promise.all(links().map((link) => link.close()))
    },
  }
}

/**
 * Works on the connection as it is now. A server that turns out to be a replica (`READONLY`: it was demoted) is left at once.
 * @throws Error where there is no connection, or what the work throws
 */
export async function onLink<T>(link: Link, work: (socket: RedisSocket) => Promise<T>): Promise<T> {
  const socket = link.socket()
  try {
    return await work(socket)
  } catch (error) {
    if (isReadOnly(error)) link.renew(socket)
    throw error
  }
}
