import type { TokenStats } from "@authchemy/tokens"
import { type MetricJson, plainMetric } from "./process-metrics.ts"

/** The token engine's numbers as metrics. */
export function describeTokenStats(stats: TokenStats): MetricJson[] {
  const { verifications, revocations } = stats
  const waited = "authchemy_revocation_wait_seconds"
  return [
    {
      name: "authchemy_verifications_total",
      help: "Access tokens that were verified: answered from memory (held), from the store (read), refused, or not answered (unavailable).",
      type: "counter",
      aggregator: "sum",
      values: Object.entries(verifications).map(([outcome, value]) => ({ value, labels: { outcome } })),
    },
    plainMetric("gauge", "authchemy_held_sessions", "Sessions in memory.", stats.heldSessions),
    plainMetric(
      "counter",
      "authchemy_store_errors_total",
      "Calls that the token store did not answer.",
      stats.storeErrors,
    ),
    {
      name: waited,
      help: "Revocations that were acknowledged, and how long they took until no verifier accepted the session.",
      type: "summary",
      aggregator: "sum",
      values: [
        { metricName: `${waited}_sum`, value: revocations.seconds, labels: {} },
        { metricName: `${waited}_count`, value: revocations.count, labels: {} },
      ],
    },
    plainMetric(
      "counter",
      "authchemy_revocations_failed_total",
      "Revocations that could not be acknowledged.",
      revocations.failed,
    ),
    plainMetric(
      "gauge",
      "authchemy_pending_acknowledgements",
      "Entries of the feed that wait to be acknowledged.",
      stats.pending,
    ),
    plainMetric(
      "gauge",
      "authchemy_feed_following",
      "Processes that follow the feed of revocations.",
      stats.following ? 1 : 0,
    ),
    plainMetric("gauge", "authchemy_feed_lag", "Entries that were not told yet.", stats.lag, "max"),
    plainMetric(
      "counter",
      "authchemy_feed_restarts_total",
      "How often everything in memory was forgotten: a gap, a failover.",
      stats.restarts,
    ),
    ...known("authchemy_feed_position", "The last entry that was told.", stats.position, "min"),
    ...known(
      "authchemy_lease_age_seconds",
      "Age of the lease that memory is trusted by; the oldest of all workers.",
      stats.leaseAgeMs === null ? null : stats.leaseAgeMs / 1000,
      "max",
    ),
  ]
}

function known(
  name: string,
  help: string,
  value: number | null,
  aggregator: MetricJson["aggregator"],
): MetricJson[] {
  return value === null ? [] : [plainMetric("gauge", name, help, value, aggregator)]
}
