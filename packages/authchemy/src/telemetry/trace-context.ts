import { type Context, createTraceState, ROOT_CONTEXT, TraceFlags, trace } from "@opentelemetry/api"

const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/

/**
 * The caller's trace, as its headers tell it (W3C Trace Context §3.2, §3.3); the root context where they do not.
 * @param headers of the request
 */
export function callersContext(headers: Headers): Context {
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(headers.get("traceparent") ?? "") ?? []
  const unusable =
    traceId === undefined ||
    spanId === undefined ||
    version === "ff" ||
    (version === "00" && more !== undefined) ||
    /^0+$/.test(traceId) ||
    /^0+$/.test(spanId)
  if (unusable) return ROOT_CONTEXT
  const sampled = (Number.parseInt(flags ?? "0", 16) & TraceFlags.SAMPLED) !== 0
  const state = headers.get("tracestate")
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(state === null ? {} : { traceState: createTraceState(state) }),
  })
}
