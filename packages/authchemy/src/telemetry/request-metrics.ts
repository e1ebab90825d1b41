import type { ObserveRequest } from "../middleware/request-log.ts"
import type { MetricJson } from "./process-metrics.ts"

/** Upper ends of the latency buckets, in seconds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** More series than all routes with all their statuses; whatever comes beyond is counted as route `other`. */
const MOST_SERIES = 1_000

const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

type Series = {
  route: string
  method: string
  status: number
  seconds: number
  /** How many took no longer than the bucket's end, and longer than the one before; the last counts all that took longer. */
  counts: number[]
}

/** Counts requests in memory; nothing is computed until `describe` is called. */
export type RequestMetrics = { observe: ObserveRequest; describe(): MetricJson[] }

/**
 * Counts requests by route, method and status, and their time by route and method. The route is one of a fixed list that the server makes;
 * methods beyond the usual ones are `other`.
 */
export function createRequestMetrics(): RequestMetrics {
  const all = new Map<string, Series>()

  const seriesOf = (route: string, method: string, status: number): Series => {
    const key = `${method} ${status} ${route}`
    const known = all.get(key)
    if (known !== undefined) return known
    if (method !== "other" && !METHODS.includes(method)) return seriesOf(route, "other", status)
    if (all.size >= MOST_SERIES && route !== "other") return seriesOf("other", method, status)
    return addSeries(key, { route, method, status })
  }

  const addSeries = (key: string, labels: Pick<Series, "route" | "method" | "status">): Series => {
    const series = { ...labels, seconds: 0, counts: Array.from({ length: BUCKETS.length + 1 }, () => 0) }
    all.set(key, series)
    return series
  }

  return {
    observe(route, method, status, seconds) {
      const series = seriesOf(route, method, status)
      series.seconds += seconds
      let bucket = 0
      while (bucket < BUCKETS.length && seconds > (BUCKETS[bucket] ?? 0)) bucket++
      series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
    },
    describe: () => [countsOf([...all.values()]), timesOf([...all.values()])],
  }
}

function countsOf(all: readonly Series[]): MetricJson {
  return {
    name: "authchemy_http_requests_total",
    help: "Requests that were answered.",
    type: "counter",
    aggregator: "sum",
    values: all.map(({ route, method, status, counts }) => ({
      value: counts.reduce((sum, count) => sum + count, 0),
      labels: { route, method, status },
    })),
  }
}

function timesOf(all: readonly Series[]): MetricJson {
  const name = "authchemy_http_request_duration_seconds"
  const byRoute = Map.groupBy(all, ({ route, method }) => `${method} ${route}`)
  const values = [...byRoute.values()].flatMap((group) => {
    const { route = "", method = "" } = group[0] ?? {}
    const labels = { route, method }
    let count = 0
    const buckets = [...BUCKETS, "+Inf"].map((le, index) => {
      count += group.reduce((sum, series) => sum + (series.counts[index] ?? 0), 0)
      return { metricName: `${name}_bucket`, value: count, labels: { le, ...labels } }
    })
    const seconds = group.reduce((sum, series) => sum + series.seconds, 0)
    return [
      ...buckets,
      { metricName: `${name}_sum`, value: seconds, labels },
      { metricName: `${name}_count`, value: count, labels },
    ]
  })
  return { name, help: "How long a request took to answer.", type: "histogram", aggregator: "sum", values }
}
