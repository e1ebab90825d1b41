import { createLink, keepAlive } from "./redis-link.ts"
import type { RedisSocket, WatchSocket } from "./redis-socket.ts"

/** Channels that are listened to on a connection of their own. */
export type Subscriptions = {
  /**
   * Resolves when messages are heard. After a loss of the connection they are heard again by themselves; what was published meanwhile is missed.
   * @throws Error where there is no connection
   */
  subscribe(channel: string, listener: (message: string) => void): Promise<void>
  close(): Promise<void>
}

/** @param options.open connects to a server on which whatever is published is heard; first used when there is a first channel */
export function createSubscriptions(options: {
  open: (watch: WatchSocket) => Promise<RedisSocket>
  onError: (error: Error) => void
}): Subscriptions {
  const listeners: { channel: string; listener: (message: string) => void }[] = []
  const link = createLink({
    onError: options.onError,
    open: async (watch) => {
      const socket = await options.open(watch)
      try {
        await Promise.all(listeners.map(({ channel, listener }) => socket.subscribe(channel, listener)))
        return socket
      } catch (error) {
        socket.destroy()
        throw error
      }
    },
  })
  const stop = keepAlive(link)

  return {
    subscribe: async (channel, listener) => {
      const socket = await link.connected()
      await socket.subscribe(channel, listener)
      if (socket !== link.current()) throw new Error("the connection was lost")
      listeners.push({ channel, listener })
    },
    close: async () => {
      stop()
      await link.close()
    },
  }
}
