import type { Clock } from "./clock.ts"
import type { Renewal } from "./feed-transport.ts"
import { LAPSE_MS } from "./lease.ts"

/**
 * Whether the feed or the store has just begun anew, as after a failover. Then who followed it before may be unknown, and hold a lease from then for a little longer; and what
 * was ended at the last moment may live again. How long it is known is measured here, on this process's own clock: so it is longer than that, never shorter.
 */
export type Beginning = {
  /** @param told by a renewal, or by an append, which knows of no epoch */
  note(told: Pick<Renewal, "began" | "begunMsAgo"> & { epoch?: string }): void
  /** Whether it is so recent that a lease from before may be held, or that a request may have been answered before and acted upon now. */
  isRecent(): boolean
  /** Resolves when every lease from before is over. */
  isPast(): Promise<void>
}

/**
 * A process that has just been started believes the store's clock where it says that the feed began so long ago: for that to be wrong by a lease, it would have to have been set that far ahead
 * within half a second of a failover.
 */
const LONG_PAST_MS = 10_000

/** @param clock the monotonic one is asked */
export function createBeginning({ monotonic }: Pick<Clock, "monotonic">): Beginning {
  let known: { began?: number; epoch?: string | undefined } = {}
  let since = Number.NEGATIVE_INFINITY
  const restMs = () => since + LAPSE_MS - monotonic()

  return {
    note: ({ began, begunMsAgo = 0, epoch = known.epoch }) => {
      // Nothing is ever lost there.
      if (began === undefined) return
      const isOtherEpoch = known.epoch !== undefined && known.epoch !== epoch
      const isLongPast = known.began === undefined && begunMsAgo > LONG_PAST_MS
      if ((began !== known.began && !isLongPast) || isOtherEpoch) since = monotonic()
      known = { began, epoch }
    },
    isRecent: () => restMs() > 0,
    isPast: async () => {
      for (let rest = restMs(); rest > 0; rest = restMs()) {
        const pause = rest
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    },
  }
}
