import { AggregatorRegistry, type Registry } from "prom-client"
import type { ProcessMetrics } from "./process-metrics.ts"

/**
 * The metrics of processes that come and go, as one text. What a process has counted stays counted when it has ended, so that no
 * counter falls: Prometheus would take that for a new beginning, and count the rest twice.
 */
export type CounterTotals = {
  /** Keeps what a process had counted when it was last asked. */
  ended(metrics: ProcessMetrics): Promise<void>
  /** The sum of what ended and of these, in Prometheus' text format. */
  render(living: readonly ProcessMetrics[]): Promise<string>
}

/** Makes totals with nothing in them. */
export function createCounterTotals(): CounterTotals {
  let ended: ProcessMetrics = []
  // One after another: each adds to what the one before it left.
  let adding: Promise<void> = Promise.resolve()
  return {
    ended(metrics) {
      adding = adding.then(async () => {
        ended = (await sumOf([ended, metrics]).getMetricsAsJSON()).filter(isCount)
      })
      return adding
    },
    async render(living) {
      await adding
      return sumOf([ended, ...living]).metrics()
    },
  }
}

/** The metrics of one process in Prometheus' text format. */
export function renderMetrics(metrics: ProcessMetrics): Promise<string> {
  return sumOf([metrics]).metrics()
}

function sumOf(parts: readonly ProcessMetrics[]): Registry {
  return AggregatorRegistry.aggregate([...parts])
}

function isCount(metric: object): boolean {
  return "type" in metric && ["counter", "histogram", "summary"].includes(String(metric.type))
}
