import { createAcknowledgements } from "./acknowledgements.ts"
import { createBeginning } from "./beginning.ts"
import type { Clock } from "./clock.ts"
import type { FeedNews, FeedTransport } from "./feed-transport.ts"
import { createFollower, type Follower, type FollowerStatus } from "./follower.ts"

/** What a feed is up to. */
export type FeedStatus = FollowerStatus & {
  /** How many entries wait to be acknowledged. */
  pending: number
}

/**
 * Tells every process that shares a store what it must no longer keep in memory. `announce` resolves when none does: each has
 * acknowledged it, or has no lease and so does not trust its memory.
 */
export type RevocationFeed = Omit<Follower, "onNews" | "forget" | "wake" | "status"> & {
  /**
   * @param items names without spaces; none: waits for what was appended before
   * @throws StoreUnavailableError it may have been announced or not; doing it again is harmless
   */
  announce(items: readonly string[]): Promise<void>
  /** The feed itself, for passing it on to a follower that cannot reach the store: as `FollowerTransport` says. */
  relay: Pick<FeedTransport, "renew" | "leave" | "followers"> & {
    /** @returns ends it */
    listen(listener: (news: FeedNews) => void): () => void
  }
  status(): FeedStatus
}

/**
 * @param options.id of this process among the followers: different for each, without a space
 * @param options.onError told of renewals that failed; they are tried again by themselves
 */
export function createRevocationFeed(options: {
  transport: FeedTransport
  clock: Clock
  id: string
  onError?: ((error: Error) => void) | undefined
}): RevocationFeed {
  const { transport, clock, id, onError } = options
  const beginning = createBeginning(clock)
  const renew: FeedTransport["renew"] = async (...asked) => {
    const renewal = await transport.renew(...asked)
    beginning.note(renewal)
    return renewal
  }
  const follower = createFollower({ ...options, transport: { ...transport, renew } })
  const acknowledgements = createAcknowledgements({ transport, clock })
  let listening: Promise<void> | null = null

  const announceNow = async (items: readonly string[]) => {
    listening ??= transport.listenForAcknowledgements(acknowledgements.note)
    listening.catch((error) => {
      // Acknowledgements are looked up as well. The next announcement tries again.
      listening = null
      onError?.(error)
    })
    const { number, followers, ...told } = await transport.append(items)
    beginning.note(told)
    // Here it is forgotten now, and so this process need not be waited for.
    follower.forget(items)
    follower.wake()
    // What ended just before a failover may have been lost with it, and what is announced after it be told to nobody who ends it again.
    if (beginning.isRecent()) await transport.reassert(items)
    const others = new Map([...followers].filter(([other]) => other !== id))
    await Promise.all([acknowledgements.wait(number, others), beginning.isPast()])
    // A failure leaves them to be announced once more where somebody ends them again, which is harmless.
    transport.settle(items).catch(() => {})
  }

  let batch: { items: string[]; done: Promise<void> } | null = null
  /** Announcements of one turn of the event loop are one entry. */
  const announceTogether = (items: readonly string[]): Promise<void> => {
    if (batch !== null) {
      batch.items.push(...items)
      return batch.done
    }
    const gathered = [...items]
    const done = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      batch = null
      return announceNow(gathered)
    })
    batch = { items: gathered, done }
    return done
  }

  return {
    ...follower,
    announce: async (items) => {
      await transport.replicate(items)
      await announceTogether(items)
    },
    relay: {
      renew: transport.renew,
      leave: transport.leave,
      followers: transport.followers,
      listen: follower.onNews,
    },
    status: () => ({ ...follower.status(), pending: acknowledgements.pending() }),
  }
}
