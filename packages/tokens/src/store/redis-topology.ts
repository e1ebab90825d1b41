import { createPrimary, type Primary } from "./redis-primary.ts"
import { openSocket, type RedisAccess, type RedisSocket, type WatchSocket } from "./redis-socket.ts"
import type { Address } from "./redis-url.ts"

/** How a key's primary is to be spoken to. */
export type Visit = {
  readonly primary: Primary
  /** The slot is moving and the key is there already: the command goes behind `ASKING`. */
  readonly asking: boolean
  /** What is left of the time. */
  readonly limitMs: number
}

/** Which servers there are, and where a key lives. */
export type Topology = {
  /** @throws Error where no primary is found, or one cannot be reached */
  connect(): Promise<void>
  primaries(): readonly Primary[]
  /** @throws Error where the primary of the key is not known */
  primaryOf(key: string): Primary
  /** Visits the primary of a key, and those that it is sent on to, until the work is done. */
  visit<T>(key: string, limitMs: number, work: (visit: Visit) => Promise<T>): Promise<T>
  /** A connection on which whatever is published is heard. */
  openSubscriber(watch: WatchSocket): Promise<RedisSocket>
  close(): Promise<void>
}

/** The topology of one server. */
export function createSingle(
  address: Address,
  access: RedisAccess,
  onError: (error: Error) => void,
): Topology {
  return createLone((watch) => openSocket(address, access, watch), onError)
}

/** A topology that has one primary, whichever it is: it holds all keys. */
export function createLone(
  open: (watch: WatchSocket) => Promise<RedisSocket>,
  onError: (error: Error) => void,
): Topology & { primary: Primary } {
  const primary = createPrimary({ open, onError })
  return {
    primary,
    connect: async () => {
      await primary.commands.connected()
    },
    primaries: () => [primary],
    primaryOf: () => primary,
    visit: (_key, limitMs, work) => work({ primary, asking: false, limitMs }),
    openSubscriber: open,
    close: () => primary.close(),
  }
}
