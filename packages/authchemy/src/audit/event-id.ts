/** Makes the ids of events, each with its moment. */
export type EventIds = () => { id: string; at: string }

/** A clock that was set back by less than this, in milliseconds, is waited for: ids go on in its last millisecond. */
const PATIENCE_MS = 2_000
/** Digits of the milliseconds since the epoch, base 16: enough until the year 10889. */
const TIME_DIGITS = 12
const RANDOM_BYTES = 8

/**
 * Ids whose order is time's order within a process: `evt_`, the milliseconds (12 digits), 64 bits that are random at first and counted on within one millisecond
 * (16 digits). Digits and small letters only, so every collation sorts them alike.
 * @param now milliseconds since the epoch
 */
export function createEventIds(now: () => number, randomBytes: (size: number) => Uint8Array): EventIds {
  let last = Number.NEGATIVE_INFINITY
  let counter = 0n
  return () => {
    const time = now()
    if (time > last || time < last - PATIENCE_MS) {
      last = time
      // Without the highest bit, so that there is room to count.
      counter = Buffer.from(randomBytes(RANDOM_BYTES)).readBigUInt64BE() >> 1n
    } else {
      counter += 1n
    }
    const digits = (value: number | bigint, count: number) => value.toString(16).padStart(count, "0")
    return {
      id: `evt_${digits(last, TIME_DIGITS)}${digits(counter, 2 * RANDOM_BYTES)}`,
      at: new Date(last).toISOString(),
    }
  }
}
