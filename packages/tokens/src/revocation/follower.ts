import type { Clock } from "./clock.ts"
import { createFeedLog } from "./feed-log.ts"
import type { FeedNews, FollowerTransport, Renewal } from "./feed-transport.ts"
import { createLease, RENEWAL_MS } from "./lease.ts"

/** What a follower is up to. */
export type FollowerStatus = {
  following: boolean
  /** Milliseconds since the renewal that the lease counts from; `null` where none is held. */
  leaseAgeMs: number | null
  /** The last number that was told here; `null` before the first. */
  position: number | null
  /** How many entries there are that have not been told here yet, as of the last renewal. */
  lag: number
  /** How often everything was forgotten: a gap, a failover. */
  restarts: number
}

/** Tells a process what it must no longer keep in memory, and whether its memory may be trusted. */
export type Follower = {
  /** Begins to follow, once. From now on whoever announces waits for this process. */
  follow(): void
  /** Whether what is in memory may be trusted at this moment: all that was announced before it has been forgotten here. Asked after deciding, and before answering. */
  isCurrent(): boolean
  /** Whether an item was announced within the last ten minutes. What is read from a store may be older than that. */
  isForgotten(item: string): boolean
  /** Grows whenever everything is forgotten: what was asked for before is not to be kept. */
  generation(): number
  /** @param listener told of each item that must be forgotten, and of `null` for everything. @returns ends it */
  onForgotten(listener: (item: string | null) => void): () => void
  /** @param listener told of what is pushed. @returns ends it */
  onNews(listener: (news: FeedNews) => void): () => void
  /** Forgets items here, at once. */
  forget(items: readonly string[]): void
  /** Renews now. */
  wake(): void
  status(): FollowerStatus
  /** Leaves: nobody waits for this process any more. */
  close(): Promise<void>
}

/** How often is asked for more before the next renewal's time is waited for: far more than what ten minutes hold takes. */
const MOST_TURNS = 1_000

/**
 * @param options.id of this follower: different for each process, without a space
 * @param options.onError told of renewals that failed; they are tried again by themselves
 */
export function createFollower(options: {
  transport: FollowerTransport
  clock: Clock
  id: string
  onError?: ((error: Error) => void) | undefined
}): Follower {
  const { transport, clock, id, onError } = options
  const forgotten = new Set<(item: string | null) => void>()
  const forget = (item: string | null) => {
    for (const listener of forgotten) listener(item)
  }
  const log = createFeedLog({ monotonic: clock.monotonic, forget })
  const lease = createLease(clock)
  let epoch: string | null = null
  let last = 0
  let restarts = 0
  let following: Promise<void> | null = null
  let wake = () => {}
  let closed = false

  /** Begins anew: what is held may not be what the store has. */
  const restart = (position: number) => {
    lease.lapse()
    log.restart(position)
    restarts++
  }

  /** Takes what a renewal tells. @returns whether that was all there is */
  const take = async (renewal: Renewal): Promise<boolean> => {
    last = renewal.last
    if (epoch !== null && renewal.epoch !== epoch) {
      // Whoever was promoted may lack the last revocations, and may know sessions no more that are held here.
      restart(last)
      await transport.reassert(log.items())
      epoch = renewal.epoch
      return false
    }
    epoch = renewal.epoch
    if (log.position() === null) {
      log.restart(last)
      return true
    }
    // Some may have been pushed, and so applied, while this was under way.
    const before = log.position() ?? 0
    const news = renewal.entries?.filter(({ number }) => number > before)
    if (news === undefined || !news.every((entry) => log.apply(entry))) {
      restart(last)
      return false
    }
    return (log.position() ?? 0) >= last
  }

  const renew = async () => {
    let all = false
    for (let turn = 0; turn < MOST_TURNS && !all && !closed; turn++) {
      const askedAt = lease.mark()
      const acknowledged = log.position()
      const renewal = await transport.renew(id, acknowledged)
      all = await take(renewal)
      // Who has been closed leaves, and then nobody waits for it: it takes no lease any more.
      if (!all || closed) continue
      lease.renew(askedAt, renewal.leaseMs)
      // What was told just now is acknowledged at once: somebody waits for it.
      all = acknowledged === null || acknowledged === log.position()
    }
  }

  const keepFollowing = async () => {
    while (!closed) {
      const woken = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, RENEWAL_MS)
        timer.unref()
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      await renew().catch((error) => onError?.(error))
      await woken
    }
  }

  const heard = new Set<(news: FeedNews) => void>()
  const listening = transport.listen((news) => {
    for (const listener of heard) listener(news)
    if (following === null) return
    if (news.kind === "items") return log.hint(news.items)
    // Applied now where it is the next one, so that the renewal that follows acknowledges it.
    if (news.entry !== null) log.apply(news.entry)
    wake()
  })
  listening.catch((error) => onError?.(error))

  return {
    follow: () => {
      following ??= keepFollowing()
    },
    isCurrent: lease.isHeld,
    isForgotten: log.has,
    generation: log.generation,
    onForgotten: (listener) => {
      forgotten.add(listener)
      return () => forgotten.delete(listener)
    },
    onNews: (listener) => {
      heard.add(listener)
      return () => heard.delete(listener)
    },
    forget: log.hint,
    wake: () => wake(),
    status: () => ({
      following: following !== null,
      leaseAgeMs: lease.ageMs(),
      position: log.position(),
      lag: Math.max(0, last - (log.position() ?? last)),
      restarts,
    }),
    close: async () => {
      closed = true
      lease.lapse()
      wake()
      await following
      if (following !== null) await transport.leave(id).catch(() => {})
      await listening.catch(() => {})
      await transport.close()
    },
  }
}
