import type { FeedEntry } from "./feed-transport.ts"

/** How long it is known what was revoked: longer than any read, any failover, and any process that is only slow. */
export const TOMBSTONE_MS = 10 * 60_000

/** What a process has been told by the feed. */
export type FeedLog = {
  /** The last number that has been told without a gap; `null` before the first renewal. */
  position(): number | null
  /** Grows whenever everything has to be forgotten: what was read before is not to be kept. */
  generation(): number
  /** Whether an item was told within the last ten minutes. */
  has(item: string): boolean
  /** What was told within the last ten minutes. */
  items(): readonly string[]
  /** The entries after a number that are still known in full, or `null` where there is a gap. */
  since(number: number): readonly FeedEntry[] | null
  /** Items that were told outside the order. */
  hint(items: readonly string[]): void
  /** Takes the next entry. `false`, and nothing changes, where its number is not the next one. */
  apply(entry: FeedEntry): boolean
  /** Begins anew at a number: everything is to be forgotten, but what has been revoked stays known. */
  restart(position: number): void
}

/**
 * @param options.monotonic milliseconds
 * @param options.forget told of each item, and of `null` for everything
 */
export function createFeedLog(options: {
  monotonic: () => number
  forget: (item: string | null) => void
}): FeedLog {
  const { monotonic, forget } = options
  const tombstones = new Map<string, number>()
  const entries: { entry: FeedEntry; at: number }[] = []
  let position: number | null = null
  let generation = 0

  const prune = () => {
    const oldest = monotonic() - TOMBSTONE_MS
    for (const [item, at] of tombstones) {
      if (at > oldest) break
      tombstones.delete(item)
    }
    let gone = 0
    while (gone < entries.length && (entries[gone]?.at ?? 0) <= oldest) gone++
    if (gone > 0) entries.splice(0, gone)
  }

  const bury = (items: readonly string[]) => {
    prune()
    const at = monotonic()
    for (const item of items) {
      // Deleted first, so that the map stays in the order of time.
      tombstones.delete(item)
      tombstones.set(item, at)
      forget(item)
    }
  }

  return {
    position: () => position,
    generation: () => generation,
    has: (item) => tombstones.has(item),
    items: () => {
      prune()
      return [...tombstones.keys()]
    },
    since: (number) => {
      if (position === null || number > position) return null
      const missing = position - number
      if (missing > entries.length) return null
      return entries.slice(entries.length - missing).map(({ entry }) => entry)
    },
    hint: bury,
    apply: (entry) => {
      if (position === null || entry.number !== position + 1) return false
      position = entry.number
      entries.push({ entry, at: monotonic() })
      bury(entry.items)
      return true
    },
    restart: (at) => {
      position = at
      generation++
      entries.length = 0
      forget(null)
    },
  }
}
