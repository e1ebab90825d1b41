import type { Logger } from "pino"
import type { Timer } from "./timer.ts"

/** The most entries that are kept in memory while the database is out of reach. */
export const MOST_KEPT = 10_000
/** The most that one write takes. */
const LARGEST_BATCH = 512
/** How long entries gather after a write: each one waits for the disk, and on SQLite so does all that the process does. */
const GATHER_MS = 20
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

/** Entries on their way to the database: the first is written at once; what comes while that is under way, and 20 ms after it, is written together. */
export type EventQueue<T> = {
  /** Never throws, never waits. */
  put(entry: T): void
  /** Resolves when all that was put before is written. Tries at once, also in a pause. @throws what the write throws */
  flushed(): Promise<void>
  /** Writes what is left, for `limitMs` at most; what is not written then is lost, and so is what is put later. Never rejects. */
  close(limitMs: number): Promise<void>
}

/**
 * Writes entries in their order. A write that fails is tried again after pauses that grow from 0.1 to 5 seconds; of what does not fit in
 * memory meanwhile the oldest goes, and the log tells how many. A batch with an entry that the database will never take is written one by one; such an entry is lost, and the log names it.
 * @param options.write writes all or none; the same entries may come again where its answer was lost
 * @param options.refusalOf why an entry itself cannot be written, without anything that stands in it; `null`: the failure is not the entry's
 * @param options.nameOf what the log calls an entry that is lost
 */
export function createEventQueue<T>(options: {
  write: (batch: readonly T[]) => Promise<void>
  refusalOf: (error: unknown) => string | null
  nameOf: (entry: T) => string
  logger: Pick<Logger, "warn" | "error">
  timer: Timer
}): EventQueue<T> {
  const { write, refusalOf, nameOf, logger, timer } = options
  let waiting: T[] = []
  let writing: Promise<void> | null = null
  /** A write will begin with the next turn of the event loop. */
  let begun = false
  let inFlight: readonly T[] = []
  let failures = 0
  let dropped = 0
  let endPause: (() => void) | null = null
  let closed = false
  /** Nothing is tried again any more. */
  let over = false

  const begin = () => {
    if (begun || writing !== null || endPause !== null || waiting.length === 0) return
    begun = true
    setImmediate(() => {
      begun = false
      writeOne().catch(() => {})
    })
  }

  /** One write, the present one where there is one. */
  const writeOne = (): Promise<void> => {
    if (writing !== null) return writing
    if (waiting.length === 0) return Promise.resolve()
    endPause?.()
    endPause = null
    inFlight = waiting.slice(0, LARGEST_BATCH)
    waiting = waiting.slice(LARGEST_BATCH)
    writing = attempt().finally(() => {
      writing = null
      inFlight = []
      begin()
    })
    return writing
  }

  const attempt = async () => {
    try {
      await writeInFlight()
    } catch (error) {
      if (over) throw error
      waiting = [...inFlight, ...waiting]
      dropOldest()
      pause(error)
      throw error
    }
    failures = 0
    reportDropped()
    if (!closed) hold(GATHER_MS, true)
  }

  const writeInFlight = async () => {
    try {
      await write(inFlight)
    } catch (error) {
      if (over || refusalOf(error) === null) throw error
      await writeEach()
    }
  }

  /** What has been settled is no longer in flight: so only the rest waits again where the database goes out of reach. */
  const writeEach = async () => {
    for (let [entry] = inFlight; entry !== undefined; [entry] = inFlight) {
      try {
        await write([entry])
      } catch (error) {
        const reason = refusalOf(error)
        if (over || reason === null) throw error
        logger.error({ event: nameOf(entry), reason }, "the database does not take an event; it is lost")
      }
      inFlight = inFlight.slice(1)
    }
  }

  const pause = (error: unknown) => {
    if (failures === 0) {
      logger.warn({ err: error }, "the audit log cannot be written; its events are kept and tried again")
    }
    const ms = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
    failures += 1
    hold(ms)
  }

  const hold = (ms: number, keepsProcess = false) => {
    endPause = timer(
      () => {
        endPause = null
        begin()
      },
      ms,
      keepsProcess,
    )
  }

  const dropOldest = () => {
    const over = waiting.length - MOST_KEPT
    if (over <= 0) return
    waiting = waiting.slice(over)
    dropped += over
  }

  const reportDropped = () => {
    if (dropped === 0) return
    logger.error({ dropped }, "the audit log was out of reach for too long; events are lost")
    dropped = 0
  }

  const flushed = async () => {
    // What is under way took its entries before; what waits now takes as many more as it needs.
    for (let left = waiting.length, first = writing; left > 0 || first !== null; first = null) {
      if (first === null) left -= LARGEST_BATCH
      await (first ?? writeOne())
    }
  }

  const put = (entry: T) => {
    if (closed) {
      logger.error({ dropped: 1 }, "an event came after the audit log was closed; it is lost")
      return
    }
    waiting.push(entry)
    if (waiting.length > MOST_KEPT) dropOldest()
    begin()
  }

  const writeAll = async () => {
    while (!over && (waiting.length > 0 || writing !== null)) {
      try {
        await writeOne()
      } catch {
        if (over) return
        await new Promise<void>((resolve) => {
          endPause?.()
          endPause = null
          timer(resolve, FIRST_PAUSE_MS, true)
        })
      }
    }
  }

  const close = async (limitMs: number) => {
    if (closed) return
    closed = true
    await new Promise<void>((resolve) => {
      const end = () => {
        over = true
        resolve()
      }
      const callOff = timer(end, limitMs, true)
      writeAll().then(() => {
        callOff()
        end()
      })
    })
    endPause?.()
    endPause = null
    dropped += waiting.length + inFlight.length
    waiting = []
    reportDropped()
  }

  return { put, flushed, close }
}
