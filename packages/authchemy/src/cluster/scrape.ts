import { createCounterTotals } from "../telemetry/counter-totals.ts"
import { type ProcessMetrics, plainMetric } from "../telemetry/process-metrics.ts"
import type { ToWorker } from "./messages.ts"

/** A worker that does not answer within this time, in milliseconds, is described by what it said last. */
const SCRAPE_LIMIT_MS = 1_000

/** Whoever can be asked for its metrics. */
export type Asked = { send(message: ToWorker): void }

/** The metrics of all workers, as one. */
export type Scrape = {
  /** A worker's answer to `collect`. */
  collected(worker: Asked, id: number, metrics: ProcessMetrics): void
  /** The last that a worker says. */
  drained(worker: Asked, metrics: ProcessMetrics): void
  /** A worker has ended: what it had counted is kept. */
  gone(worker: Asked): void
  /** Asks these workers. Prometheus' text format. */
  text(workers: readonly Asked[]): Promise<string>
}

/**
 * @param options.wait resolves after so many milliseconds
 * @param options.deaths how many workers have ended without having been told to
 */
export function createScrape(options: { wait: (ms: number) => Promise<void>; deaths: () => number }): Scrape {
  const totals = createCounterTotals()
  const last = new Map<Asked, ProcessMetrics>()
  const waiting = new Map<number, { missing: Set<Asked>; complete: () => void }>()
  let lastId = 0

  const answered = (worker: Asked, pending = [...waiting.values()]) => {
    for (const { missing, complete } of pending) {
      missing.delete(worker)
      if (missing.size === 0) complete()
    }
  }

  return {
    collected(worker, id, metrics) {
      last.set(worker, metrics)
      const pending = waiting.get(id)
      if (pending !== undefined) answered(worker, [pending])
    },
    drained: (worker, metrics) => void last.set(worker, metrics),
    gone(worker) {
      const metrics = last.get(worker)
      last.delete(worker)
      if (metrics !== undefined) void totals.ended(metrics)
      answered(worker)
    },
    async text(workers) {
      const id = ++lastId
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.set(id, { missing: new Set(workers), complete: resolve })
      for (const worker of workers) worker.send({ type: "collect", id })
      if (workers.length === 0) resolve()
      await Promise.race([promise, options.wait(SCRAPE_LIMIT_MS)])
      waiting.delete(id)
      return totals.render([
        ...last.values(),
        [
          plainMetric("gauge", "authchemy_workers", "Worker processes that live.", workers.length),
          plainMetric(
            "counter",
            "authchemy_worker_deaths_total",
            "Worker processes that ended without having been told to.",
            options.deaths(),
          ),
        ],
      ])
    },
  }
}
