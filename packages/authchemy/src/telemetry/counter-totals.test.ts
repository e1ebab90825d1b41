import { expect, test } from "vitest"
import { createCounterTotals } from "./counter-totals.ts"
import { plainMetric } from "./process-metrics.ts"
import { createRequestMetrics } from "./request-metrics.ts"

const linesOf = (text: string) => text.split("\n").filter((line) => !line.startsWith("#"))

test("counters and gauges of several processes are summed, others are the greatest", async () => {
  const totals = createCounterTotals()
  const text = await totals.render([
    [
      plainMetric("counter", "c", "", 2),
      plainMetric("gauge", "g", "", 5),
      plainMetric("gauge", "m", "", 1, "max"),
    ],
    [
      plainMetric("counter", "c", "", 3),
      plainMetric("gauge", "g", "", 6),
      plainMetric("gauge", "m", "", 9, "max"),
    ],
  ])
  expect(linesOf(text)).toEqual(expect.arrayContaining(["c 5", "g 11", "m 9"]))
})

test("what an ended process counted stays counted, and its gauges go", async () => {
  const totals = createCounterTotals()
  const requests = createRequestMetrics()
  requests.observe("/v1/me", "GET", 200, 0.002)
  const process = () => [
    ...requests.describe(),
    plainMetric("counter", "c", "", 2),
    plainMetric("gauge", "g", "", 5),
  ]
  await totals.ended(process())
  await Promise.all([totals.ended(process()), totals.ended(process())])
  const lines = linesOf(await totals.render([process()]))
  expect(lines).toContain("c 8")
  expect(lines).toContain("g 5")
  expect(lines).toContain('authchemy_http_requests_total{route="/v1/me",method="GET",status="200"} 4')
  expect(lines).toContain(
    'authchemy_http_request_duration_seconds_bucket{le="0.0025",route="/v1/me",method="GET"} 4',
  )
})
