/** Where times come from. */
export type Clock = {
  /** Milliseconds since the epoch, UTC. */
  now: () => number
  /** Milliseconds since some moment, never set and never going back. */
  monotonic: () => number
}

/** The system's clocks. */
export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
