import type { TokenStats } from "@authchemy/tokens"
import type { ObserveRequest } from "../middleware/request-log.ts"
import { collectProcessMetrics, type ProcessMetrics } from "./process-metrics.ts"
import { createRequestMetrics } from "./request-metrics.ts"
import { describeTokenStats } from "./token-metrics.ts"

/** What this process counts. */
export type Metrics = {
  observe: ObserveRequest
  /** All there is to say, now. */
  collect(): Promise<ProcessMetrics>
}

/**
 * Counts what a server process does. Counting is an addition; everything else is done when it is collected.
 * @param options.tokenStats the token engine's numbers; `null` while it is not open
 */
export function createMetrics(options: { tokenStats: () => TokenStats | null }): Metrics {
  const requests = createRequestMetrics()
  const ofProcess = collectProcessMetrics()
  return {
    observe: requests.observe,
    async collect() {
      const stats = options.tokenStats()
      return [
        ...requests.describe(),
        ...(stats === null ? [] : describeTokenStats(stats)),
        ...(await ofProcess()),
      ]
    },
  }
}
