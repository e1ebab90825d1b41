import type { Logger } from "pino"
import type { Environment, Tracing } from "./otlp.ts"

export type { Tracing } from "./otlp.ts"

/**
 * Begins to send traces over OTLP/HTTP where the environment names an endpoint (`OTEL_EXPORTER_OTLP_ENDPOINT` or
 * `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`; `OTEL_SDK_DISABLED` and `OTEL_TRACES_EXPORTER=none` forbid it). `null` where it does not: nothing is
 * loaded then.
 */
export async function startTracing(env: Environment, logger: Logger): Promise<Tracing | null> {
  const named = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?.trim() || env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim()
  const forbidden =
    env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true" || env.OTEL_TRACES_EXPORTER?.trim() === "none"
  if (!named || forbidden) return null
  const { createTracing } = await import("./otlp.ts")
  return createTracing(env, logger)
}
