import { collectDefaultMetrics, Registry } from "prom-client"

/** The metrics of one process, as `Registry.getMetricsAsJSON` of `prom-client` gives them; they can be sent to another process. */
export type ProcessMetrics = readonly object[]

/** One metric in that form. */
export type MetricJson = {
  name: string
  help: string
  type: "counter" | "gauge" | "histogram" | "summary"
  /** How the values of several processes become one. */
  aggregator: "sum" | "max" | "min"
  values: { value: number; labels: Readonly<Record<string, string | number>>; metricName?: string }[]
}

/** Memory, processor time, event loop lag and garbage collection of this process; counted from here on, described when asked. */
export function collectProcessMetrics(): () => Promise<ProcessMetrics> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return async () => (await registry.getMetricsAsJSON()).map(withItsStart)
}

/** When several processes are summed up, `prom-client` leaves out when they started: here it is when the first one did. */
function withItsStart(metric: object): object {
  return "aggregator" in metric && String(metric.aggregator) === "omit"
    ? { ...metric, aggregator: "min" }
    : metric
}

/** A metric with one value and no labels. */
export function plainMetric(
  type: "counter" | "gauge",
  name: string,
  help: string,
  value: number,
  aggregator: MetricJson["aggregator"] = "sum",
): MetricJson {
  return { name, help, type, aggregator, values: [{ value, labels: {} }] }
}
