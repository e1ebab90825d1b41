import { expect, test } from "vitest"
import { renderMetrics } from "./counter-totals.ts"
import { createRequestMetrics } from "./request-metrics.ts"

test("requests are counted by route, method and status, and timed by route and method", async () => {
  const { observe, describe } = createRequestMetrics()
  observe("/v1/me", "GET", 200, 0.0004)
  observe("/v1/me", "GET", 200, 0.003)
  observe("/v1/me", "GET", 401, 0.003)
  observe("/v1/me", "GET", 503, 30)
  observe("/*", "BREW", 404, 0.001)
  const text = await renderMetrics(describe())
  const lines = text.split("\n")
  expect(lines).toContain('authchemy_http_requests_total{route="/v1/me",method="GET",status="200"} 2')
  expect(lines).toContain('authchemy_http_requests_total{route="/v1/me",method="GET",status="401"} 1')
  expect(lines).toContain('authchemy_http_requests_total{route="/*",method="other",status="404"} 1')
  const name = "authchemy_http_request_duration_seconds"
  for (const [le, count] of [
    ["0.0005", 1],
    ["0.0025", 1],
    ["0.005", 3],
    ["10", 3],
    ["+Inf", 4],
  ]) {
    expect(lines).toContain(`${name}_bucket{le="${le}",route="/v1/me",method="GET"} ${count}`)
  }
  expect(lines).toContain(`${name}_count{route="/v1/me",method="GET"} 4`)
  expect(lines).toContain(`${name}_sum{route="/v1/me",method="GET"} 30.0064`)
  expect(lines).toContain(`${name}_bucket{le="0.001",route="/*",method="other"} 1`)
})

test("however many routes there are said to be, the series are bounded", () => {
  const { observe, describe } = createRequestMetrics()
  for (let index = 0; index < 5_000; index++) observe(`/${index}`, `M${index}`, 200, 0)
  const [counts] = describe()
  expect(counts?.values.length).toBeLessThanOrEqual(1_001)
  expect(counts?.values.reduce((sum, { value }) => sum + value, 0)).toBe(5_000)
})
