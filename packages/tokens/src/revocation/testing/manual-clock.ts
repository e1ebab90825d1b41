import type { Clock } from "../clock.ts"

/** Clocks that only the test moves. */
export type ManualClock = Clock & {
  /** Both go on. */
  advance(ms: number): void
  /** The monotonic one stands still, as while a machine is suspended. */
  suspend(ms: number): void
  /** The other one is set, forward or back. */
  set(byMs: number): void
}

export function createManualClock(): ManualClock {
  const clocks = { now: Date.UTC(2026, 10, 25), monotonic: 5_000 }
  return {
    now: () => clocks.now,
    monotonic: () => clocks.monotonic,
    advance: (ms) => {
      clocks.now += ms
      clocks.monotonic += ms
    },
    suspend: (ms) => {
      clocks.now += ms
    },
    set: (byMs) => {
      clocks.now += byMs
    },
  }
}
