import type { Clock } from "./clock.ts"
import type { FeedTransport, Followers, Following } from "./feed-transport.ts"
import { LAPSE_MS } from "./lease.ts"

/** How often it is looked up who has acknowledged, in case a push was lost. */
const LOOK_MS = 25

/** Those that an entry waits for. */
type Wait = { number: number; missing: Map<string, Following>; settle: () => void }

/** Waits until nobody holds in memory what an entry of the feed says is to be forgotten. */
export type Acknowledgements = {
  /** A follower has forgotten everything up to a number. */
  note(follower: string, number: number): void
  /**
   * Resolves when each of these followers has acknowledged the number, or holds no lease any more.
   * @throws StoreUnavailableError where the store is lost meanwhile: what was written last may be lost with it
   */
  wait(number: number, followers: Followers): Promise<void>
  /** How many entries wait. */
  pending(): number
}

/** @param options.transport asked who has acknowledged, and told who has not */
export function createAcknowledgements(options: {
  transport: Pick<FeedTransport, "followers" | "drop">
  clock: Clock
}): Acknowledgements {
  const { transport, clock } = options
  const waits = new Set<Wait>()

  const note = (follower: string, number: number) => {
    for (const wait of waits) {
      if (number < wait.number || !wait.missing.delete(follower)) continue
      if (wait.missing.size === 0) wait.settle()
    }
  }

  /** Looks until all have acknowledged or the time is over in which any of their leases, granted before the entry was appended, can last. */
  const watch = async (wait: Wait, lapsed: number) => {
    while (wait.missing.size > 0) {
      const pause = Math.min(LOOK_MS, lapsed - clock.monotonic())
      if (pause <= 0) return
      await paused(pause, wait)
      if (wait.missing.size === 0) return
      const now = await transport.followers()
      for (const follower of wait.missing.keys()) {
        // One that is gone from the list need not have left: the list may have been lost, and its lease not.
        const { acknowledged = 0 } = now.get(follower) ?? {}
        if (acknowledged >= wait.number) wait.missing.delete(follower)
      }
    }
  }

  return {
    note,
    pending: () => waits.size,
    wait: async (number, followers) => {
      const lapsed = clock.monotonic() + LAPSE_MS
      const missing = new Map([...followers].filter(([, { acknowledged }]) => acknowledged < number))
      if (missing.size === 0) return
      const wait: Wait = { number, missing, settle: () => {} }
      waits.add(wait)
      try {
        await watch(wait, lapsed)
      } finally {
        waits.delete(wait)
      }
      // A failure to strike them out costs the next one a wait, and nothing else.
      if (missing.size > 0) await transport.drop(missing).catch(() => {})
    },
  }
}

/** Resolves after a while, or as soon as the wait is settled. */
function paused(ms: number, wait: Wait): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    wait.settle = () => {
      clearTimeout(timer)
      resolve()
    }
  })
}
