/** What the processes that share a store tell each other to forget: the part of `TokenService` that keeping things in memory needs. */
export type Forgetting = {
  /** Whether memory may be trusted at this moment. Asked on every use of what is remembered, after finding it. */
  isCurrent(): boolean
  /** @param listener told of each item that must be forgotten, such as `account:<id>`, and of `null` for everything. @returns ends it */
  onForgotten(listener: (item: string | null) => void): () => void
  /**
   * Resolves when no process that shares the store keeps these items in memory.
   * @throws StoreUnavailableError
   */
  announce(items: readonly string[]): Promise<void>
}

/** Things of one kind, by id, kept in memory while that may be trusted. */
export type Remembered<Value> = {
  /** What is remembered of an id; `undefined` where nothing is, or where memory may not be trusted at this moment. */
  held(id: string): Value | undefined
  /**
   * Reads a thing, and remembers it where it is there. What was forgotten while it was being read is not remembered: it may have been read before it
   * changed.
   */
  read<Found extends Value | null>(id: string, load: () => Promise<Found>): Promise<Found>
}

/** How long anything is remembered, in milliseconds: a change that nobody announced, by hand in the database, counts after this. */
const LONGEST_MS = 5_000

/**
 * @param options.kind what stands before the colon of this kind's items
 * @param options.capacity how many things are remembered at most; the ones that were read first go
 * @param options.monotonicNow milliseconds on a clock that never goes back
 */
export function createRemembered<Value>(options: {
  forgetting: Forgetting
  kind: string
  capacity: number
  monotonicNow: () => number
}): Remembered<Value> {
  const { forgetting, kind, capacity, monotonicNow } = options
  const entries = new Map<string, { value: Value; readAt: number }>()
  const prefix = `${kind}:`
  let forgotten = 0

  forgetting.onForgotten((item) => {
    if (item === null) entries.clear()
    else if (item.startsWith(prefix)) entries.delete(item.slice(prefix.length))
    else return
    forgotten++
  })

  const keep = (id: string, value: Value, readAt: number) => {
    entries.delete(id)
    entries.set(id, { value, readAt })
    if (entries.size <= capacity) return
    const [oldest] = entries.keys()
    if (oldest !== undefined) entries.delete(oldest)
  }

  return {
    held: (id) => {
      const entry = entries.get(id)
      if (entry === undefined || monotonicNow() - entry.readAt >= LONGEST_MS) return undefined
      return forgetting.isCurrent() ? entry.value : undefined
    },

    read: async (id, load) => {
      const before = forgotten
      const readAt = monotonicNow()
      const wasCurrent = forgetting.isCurrent()
      const found = await load()
      if (found !== null && wasCurrent && forgotten === before && forgetting.isCurrent()) {
        keep(id, found, readAt)
      }
      return found
    },
  }
}
