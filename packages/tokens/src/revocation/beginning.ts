import type { Clock } from "./clock.ts"
import { LAPSE_MS } from "./lease.ts"

/** When the feed began, or began anew: who followed it before may be unknown now, and hold a lease from then for a little longer. */
export type Beginning = {
  /** @param began names the feed as it is now; `undefined` where none is ever lost */
  note(began: number | undefined): void
  /** Resolves when every lease from before is over: it was known here for so long, on this process's own clock, that the feed has begun. */
  isPast(): Promise<void>
}

/** @param clock the monotonic one is asked */
export function createBeginning({ monotonic }: Pick<Clock, "monotonic">): Beginning {
  let known: number | undefined
  let since = Number.NEGATIVE_INFINITY
  return {
    note: (began) => {
      if (began === known) return
      known = began
      since = monotonic()
    },
    isPast: async () => {
      for (let rest = since + LAPSE_MS - monotonic(); rest > 0; rest = since + LAPSE_MS - monotonic()) {
        const pause = rest
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    },
  }
}
