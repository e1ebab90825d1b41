import { AsyncLocalStorage } from "node:async_hooks"
import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http"
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from "@opentelemetry/resources"
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace"
import type { Logger } from "pino"
import packageJson from "../../package.json" with { type: "json" }
import type { ObserveRequest } from "../middleware/request-log.ts"
import { samplerFrom } from "./sampler.ts"
import { callersContext } from "./trace-context.ts"

export type Environment = Readonly<Record<string, string | undefined>>

type Fetch = (request: Request, bindings: object) => Response | Promise<Response>

/** Spans of requests and of what is done for them. They carry names, routes and statuses: never a path, a query, a header or an argument. */
export type Tracing = {
  /** A handler whose requests are server spans, under the caller's span where it sends one (W3C Trace Context). */
  traceRequests(fetch: Fetch): Fetch
  /** Names the request that is being answered by its route. */
  observe: ObserveRequest
  /** The same object, whose asynchronous methods are spans `<name>.<method>` under the request that they are called for. */
  traceCalls<T extends object>(name: string, target: T): T
  /** Sends what is left, for at most two seconds. */
  close(): Promise<void>
}

const CLOSE_LIMIT_MS = 2_000

/** Failures to send are logged at most this often, in milliseconds. */
const COMPLAIN_EVERY_MS = 60_000

/**
 * @param env `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER` and `OTEL_BSP_SCHEDULE_DELAY` are read, the endpoint aside. The libraries read
 * `process.env` by themselves, for headers, certificates and time limits.
 */
export function createTracing(env: Environment, logger: Logger): Tracing {
  const exporter = complaining(new OTLPTraceExporter(), logger)
  const delay = Number(env.OTEL_BSP_SCHEDULE_DELAY)
  const provider = new TracerProvider({
    resource: describeProcess(),
    sampler: samplerFrom(env),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, ...(delay > 0 ? { scheduledDelayMillis: delay } : {}) }),
    ],
  })
  const tracer = provider.getTracer("authchemy", packageJson.version)
  const current = new AsyncLocalStorage<Span>()

  const callTraced = (name: string, call: () => unknown): unknown => {
    const parent = current.getStore()
    if (parent === undefined) return call()
    const span = tracer.startSpan(name, { kind: SpanKind.INTERNAL }, trace.setSpan(ROOT_CONTEXT, parent))
    try {
      const result = current.run(span, call)
      // What is told at once is no call to wait for: its span is never ended, and so never sent.
      if (!(result instanceof Promise)) return result
      return result.then(
        (value: unknown) => {
          span.end()
          return value
        },
        (error: unknown) => {
          fail(span, error)
          throw error
        },
      )
    } catch (error) {
      fail(span, error)
      throw error
    }
  }

  return {
    traceRequests: (fetch) => async (request, bindings) => {
      const { method, headers } = request
      const span = tracer.startSpan(
        method,
        { kind: SpanKind.SERVER, attributes: { "http.request.method": method } },
        callersContext(headers),
      )
      try {
        const response = await current.run(span, () => fetch(request, bindings))
        span.setAttribute("http.response.status_code", response.status)
        if (response.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
        return response
      } finally {
        span.end()
      }
    },

    observe(route, method) {
      current.getStore()?.setAttribute("http.route", route).updateName(`${method} ${route}`)
    },

    traceCalls: (name, target) =>
      new Proxy(target, {
        get(object, key) {
          const value: unknown = Reflect.get(object, key)
          if (typeof value !== "function" || typeof key !== "string") return value
          return (...values: unknown[]) => callTraced(`${name}.${key}`, () => value.apply(object, values))
        },
      }),

    async close() {
      const limit = Promise.withResolvers<void>()
      const timer = setTimeout(limit.resolve, CLOSE_LIMIT_MS)
      await Promise.race([provider.shutdown().catch(() => {}), limit.promise])
      clearTimeout(timer)
    },
  }
}

function describeProcess() {
  const own = resourceFromAttributes({ "service.name": "authchemy", "service.version": packageJson.version })
  const detectors = [serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector]
  return defaultResource().merge(own).merge(detectResources({ detectors }))
}

/** An error's class says what went wrong; its message may say too much. */
function fail(span: Span, error: unknown) {
  span.setStatus({ code: SpanStatusCode.ERROR })
  span.setAttribute("error.type", error instanceof Error ? error.name : "unknown")
  span.end()
}

/** An exporter whose failures are logged; requests never hear of them. */
function complaining(exporter: SpanExporter, logger: Logger): SpanExporter {
  let complainedAt = Number.NEGATIVE_INFINITY
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error !== undefined && performance.now() - complainedAt > COMPLAIN_EVERY_MS) {
          complainedAt = performance.now()
          logger.warn({ err: result.error }, "traces could not be sent")
        }
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
  }
}
