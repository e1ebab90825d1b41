import type { Logger } from "pino"

/** Work that nobody waits for. */
export type Background = {
  /** Begins it when the present call is through, so that an answer takes the same time with and without it. A failure is a log line. */
  begin(what: string, work: () => Promise<void>): void
  /** Resolves when all that has begun is through. */
  settled(): Promise<void>
}

export function createBackground(logger: Pick<Logger, "warn">): Background {
  const underWay = new Set<Promise<void>>()

  return {
    begin: (what, work) => {
      const done = new Promise<void>((resolve) => setImmediate(resolve))
        .then(work)
        .catch((error: unknown) => logger.warn({ err: error }, `${what} failed`))
        .finally(() => underWay.delete(done))
      underWay.add(done)
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}
