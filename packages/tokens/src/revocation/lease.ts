import type { Clock } from "./clock.ts"

/** For how long after a renewal was asked for what is in memory may be trusted. */
export const LEASE_MS = 500
/** How often a lease is renewed. */
export const RENEWAL_MS = 100
/**
 * How long whoever revokes waits for a lease that is not renewed: longer than it lasts, for clocks that do not run alike (5 % is far beyond what
 * two machines' monotonic clocks differ by).
 */
export const LAPSE_MS = LEASE_MS * 1.05

/** A moment on both clocks. */
export type Moment = { now: number; monotonic: number }

/** The right to trust what is in memory, for a short time. */
export type Lease = {
  /** The moment that a renewal is asked for; the lease counts from here, not from when the answer comes. */
  mark(): Moment
  /** @param forMs less than `LEASE_MS` where the lease is passed on by one who holds it only so long */
  renew(askedAt: Moment, forMs?: number): void
  /** Ends it at once. */
  lapse(): void
  isHeld(): boolean
  /** Milliseconds since the moment that it counts from; `null` where it is not held. */
  ageMs(): number | null
  /** Milliseconds for which it is still held; 0 where it is not. */
  remainingMs(): number
}

/**
 * A lease that is held while both clocks say so. The monotonic one counts; the other is asked too because a monotonic clock stands still while
 * a machine is suspended. Where that one has been set, the lease is not held until it is renewed.
 */
export function createLease(clock: Clock): Lease {
  let from: Moment = { now: 0, monotonic: Number.NEGATIVE_INFINITY }
  let lasts = 0

  const remainingMs = () => {
    const age = clock.monotonic() - from.monotonic
    if (age >= lasts) return 0
    const wallAge = clock.now() - from.now
    return wallAge < 0 || wallAge >= lasts ? 0 : lasts - Math.max(age, wallAge)
  }

  return {
    mark: () => ({ now: clock.now(), monotonic: clock.monotonic() }),
    renew: (askedAt, forMs = LEASE_MS) => {
      if (askedAt.monotonic + forMs <= from.monotonic + lasts) return
      from = askedAt
      lasts = forMs
    },
    lapse: () => {
      from = { now: 0, monotonic: Number.NEGATIVE_INFINITY }
      lasts = 0
    },
    isHeld: () => remainingMs() > 0,
    ageMs: () => (remainingMs() > 0 ? clock.monotonic() - from.monotonic : null),
    remainingMs,
  }
}
