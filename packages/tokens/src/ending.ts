import type { EndReason, Observing } from "./events.ts"
import type { Revocation } from "./store/store.ts"

/** Sees to what follows when a store has ended sessions. */
export type Ending = {
  /**
   * Tells what ended, and resolves when it is forgotten everywhere.
   * @returns how many live sessions ended
   * @throws StoreUnavailableError where it is not known that they are forgotten everywhere
   */
  ended(revocation: Revocation, reason: EndReason): Promise<number>
}

/** How many revocations were acknowledged, how many seconds that took in all, and how many could not be. */
export type EndingStats = { count: number; seconds: number; failed: number }

/**
 * @param options.announce resolves when nobody keeps these items in memory any more
 * @param options.monotonic milliseconds of a clock that is never set
 */
export function createEnding(
  options: Observing & { announce: (items: readonly string[]) => Promise<void>; monotonic: () => number },
): Ending & { stats(): EndingStats } {
  const { announce, monotonic, observe } = options
  const stats = { count: 0, seconds: 0, failed: 0 }

  const acknowledged = async ({ items, unsettled }: Revocation): Promise<void> => {
    if (items.length === 0 && !unsettled) return
    const began = monotonic()
    try {
      await announce(items)
      stats.count++
      stats.seconds += (monotonic() - began) / 1000
    } catch (error) {
      stats.failed++
      throw error
    }
  }

  return {
    ended: async (revocation, reason) => {
      const { sessions } = revocation
      if (sessions.length > 0) observe({ type: "ended", sessions, reason })
      await acknowledged(revocation)
      return sessions.length
    },
    stats: () => ({ ...stats }),
  }
}
