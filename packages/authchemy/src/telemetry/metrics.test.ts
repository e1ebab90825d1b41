import { expect, test } from "vitest"
import { renderMetrics } from "./counter-totals.ts"
import { createMetrics } from "./metrics.ts"

test("requests, the token engine and the process are told together", async () => {
  const metrics = createMetrics({
    tokenStats: () => ({
      following: true,
      leaseAgeMs: 120,
      position: 42,
      lag: 1,
      pending: 2,
      restarts: 3,
      verifications: { held: 4, read: 5, refused: 6, unavailable: 7 },
      heldSessions: 8,
      storeErrors: 6,
      revocations: { count: 9, seconds: 0.5, failed: 1 },
    }),
  })
  metrics.observe("/healthz", "GET", 200, 0.001)
  const lines = (await renderMetrics(await metrics.collect())).split("\n")
  expect(lines).toEqual(
    expect.arrayContaining([
      'authchemy_http_requests_total{route="/healthz",method="GET",status="200"} 1',
      'authchemy_verifications_total{outcome="held"} 4',
      'authchemy_verifications_total{outcome="unavailable"} 7',
      "authchemy_held_sessions 8",
      "authchemy_store_errors_total 6",
      "authchemy_revocation_wait_seconds_count 9",
      "authchemy_revocation_wait_seconds_sum 0.5",
      "authchemy_revocations_failed_total 1",
      "authchemy_pending_acknowledgements 2",
      "authchemy_feed_following 1",
      "authchemy_feed_lag 1",
      "authchemy_feed_restarts_total 3",
      "authchemy_feed_position 42",
      "authchemy_lease_age_seconds 0.12",
    ]),
  )
  for (const name of [
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "nodejs_eventloop_lag_p99_seconds",
  ]) {
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${name} \\d`)))
  }
})

test("while there is no engine, and no lease, they are left out", async () => {
  const text = await renderMetrics(await createMetrics({ tokenStats: () => null }).collect())
  expect(text).not.toContain("authchemy_lease")
  expect(text).toContain("process_cpu_seconds_total")
})
