import type { RedisSocket, WatchSocket } from "./redis-socket.ts"

const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 500
/** How often a connection is asked for a sign of life. */
const HEARTBEAT_MS = 1_000

/** A connection that is made anew by itself, each time to the server that then is the right one. */
export type Link = {
  /**
   * The connection as it is now.
   * @throws Error where there is none
   */
  socket(): RedisSocket
  /** The same, `null` where there is none. */
  current(): RedisSocket | null
  /**
   * The connection, when it has been made. Joins the attempt that is under way; between two attempts there is none.
   * @throws Error where that attempt fails, or there is none; the next one comes by itself
   */
  connected(): Promise<RedisSocket>
  /** Leaves this connection, where it is still the one in use, and makes another. */
  renew(socket: RedisSocket): void
  /** Lets what is under way finish, within 500 ms, and ends. */
  close(): Promise<void>
}

/**
 * @param options.open finds the server and connects to it
 * @param options.onError told once of each trouble until the connection stands again
 */
export function createLink(options: {
  open: (watch: WatchSocket) => Promise<RedisSocket>
  onError: (error: Error) => void
}): Link {
  const { open, onError } = options
  let current: RedisSocket | null = null
  let attempt: Promise<RedisSocket> | null = null
  let timer: NodeJS.Timeout | undefined
  let failures = 0
  const ending = new AbortController()
  const { signal } = ending
  let lastTrouble = ""

  const report = (error: Error) => {
    if (signal.aborted || error.message === lastTrouble) return
    lastTrouble = error.message
    onError(error)
  }

  const start = (): Promise<RedisSocket> => {
    clearTimeout(timer)
    attempt = connect().finally(() => {
      attempt = null
      if (current === null && !signal.aborted) startLater()
    })
    return attempt
  }
  const startLater = () => {
    clearTimeout(timer)
    timer = setTimeout(
      () => start().catch(() => {}),
      Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS),
    )
    timer.unref()
    failures = Math.min(failures + 1, 10)
  }

  const connect = async (): Promise<RedisSocket> => {
    let lost: Error | null = null
    let opened: RedisSocket | null = null
    try {
      const onLost = (error: Error) => {
        lost = error
        if (opened !== null && opened === current) lose(error)
      }
      opened = await open({ onLost, signal })
      if (lost !== null) throw lost
      if (signal.aborted) opened.destroy()
      signal.throwIfAborted()
    } catch (error) {
      report(error as Error)
      throw error
    }
    failures = 0
    lastTrouble = ""
    current = opened
    return opened
  }
  const lose = (error: Error) => {
    current = null
    report(error)
    if (!signal.aborted) startLater()
  }

  return {
    socket: () => {
      signal.throwIfAborted()
      if (current === null) throw new Error("no connection to Redis")
      return current
    },
    current: () => current,
    connected: async () => {
      if (current !== null) return current
      signal.throwIfAborted()
      if (attempt !== null) return attempt
      if (failures === 0) return start()
      throw new Error("no connection to Redis")
    },
    renew: (socket) => {
      if (socket !== current) return
      socket.destroy()
      current = null
      if (!signal.aborted) startLater()
    },
    close: async () => {
      ending.abort(new Error("the connection is closed"))
      clearTimeout(timer)
      await current?.close()
      current = null
    },
  }
}

/**
 * Asks for a sign of life every second: a connection that nobody uses may be dead, and would be found so only by the next who needs it. One that gives none is lost, and made anew.
 * @param isIdle asked first: a connection that is held up on purpose gives no sign
 * @returns ends it
 */
export function keepAlive(link: Pick<Link, "current">, isIdle: () => boolean = () => true): () => void {
  const heartbeat = setInterval(() => {
    if (isIdle())
      link
        .current()
        ?.send(["PING"])
        .catch(() => {})
  }, HEARTBEAT_MS)
  heartbeat.unref()
  return () => clearInterval(heartbeat)
}
