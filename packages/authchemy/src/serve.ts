import { setTimeout as sleep } from "node:timers/promises"
import type { Logger } from "pino"
import type { StopOptions } from "./cluster/messages.ts"
import type { Config } from "./config.ts"
import { createDraining } from "./draining.ts"
import type { ChangeCount } from "./limits/shared-counts.ts"
import { listen } from "./listen.ts"
import { createLogger } from "./logging.ts"
import type { ObserveRequest } from "./middleware/request-log.ts"
import { METRICS_PATH, showMetrics } from "./routes/metrics.ts"
import { createServerApp, createServerHotRoutes } from "./server-app.ts"
import { openServices, type Services } from "./services.ts"
import { renderMetrics } from "./telemetry/counter-totals.ts"
import { createMetrics } from "./telemetry/metrics.ts"
import type { ProcessMetrics } from "./telemetry/process-metrics.ts"
import { startTracing, type Tracing } from "./telemetry/tracing.ts"

/**
 * Runs the server until it is told to stop (SIGTERM or SIGINT): then `/readyz` says no, after the drain time listening ends, what is in
 * flight is answered, and the stores are closed. A second signal of the same kind ends the process at once. Where the configuration asks
 * for several workers, this process starts them and serves nothing itself.
 * @throws ConfigError, StoreUnavailableError, ListenError, WorkersError
 */
export async function serve(config: Config): Promise<void> {
  const logger = createLogger()
  if (config.workers > 1) {
    const { serveAsOneOfSeveral } = await import("./cluster/serve.ts")
    return serveAsOneOfSeveral(config, logger)
  }
  const told = signalled("SIGTERM", "SIGINT")
  const server = await startServer(config, logger)
  logger.info({ signal: await told }, "stopping")
  await server.stop({ drainMs: stopDrainMs(config), staysReady: false })
  logger.info("stopped")
}

/** How long a server that stops goes on answering, in milliseconds: not at all unless told otherwise, since nobody takes its place. */
export function stopDrainMs(config: Config): number {
  return (config.drainSeconds ?? 0) * 1000
}

/** Resolves with the first of these signals that comes; the next of the same kind does what it does by itself. */
export function signalled(...signals: NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) process.once(signal, resolve)
  })
}

/** A server that answers. */
export type RunningServer = {
  readonly issuer: string
  readonly port: number
  /** Answers every request with `Connection: close` from now on, stops listening after the drain time, and resolves when all has been answered. */
  stop(how?: StopOptions): Promise<void>
  metrics(): Promise<ProcessMetrics>
}

/**
 * Listens, opens the stores, and resolves when both are done. The port is taken first, so that a second server fails before it
 * touches anything, and because with port 0 the issuer is known only then. Beside other processes that serve at the port already it is taken
 * last, so that this one gets no request before it can answer; port 0 cannot be asked for then.
 * @param options.besideOthers whether other processes serve at the port
 * @param options.changeCount counts attempts for all of them; this process counts by itself where left out, and Redis where there is one
 * @param options.metricsText the text of `/metrics`; this process's own where left out
 * @param options.wait resolves after so many milliseconds
 * @param options.env the environment, of which `OTEL_*` is read
 * @throws ConfigError, StoreUnavailableError, ListenError
 */
export async function startServer(
  config: Config,
  logger: Logger,
  options: {
    besideOthers?: boolean
    changeCount?: ChangeCount
    metricsText?: () => Promise<string>
    wait?: (ms: number) => Promise<unknown>
    env?: Readonly<Record<string, string | undefined>>
  } = {},
): Promise<RunningServer> {
  const { besideOthers = false, wait = sleep, env = process.env } = options
  const draining = createDraining()
  const takePort = () =>
    listen({ fetch: draining.fetch, hot: draining.hot, host: config.host, port: config.port })
  const tracing = await startTracing(env, logger)
  const opened: { close(): Promise<void> }[] = tracing === null ? [] : [tracing]
  let listener = besideOthers ? null : await takePort()
  const close = async () => {
    await listener?.close()
    for (const service of opened.reverse()) await service.close()
  }
  try {
    const port = listener?.port ?? config.port
    const own = { ...config, issuer: config.issuer.replace(/:0$/, `:${port}`) }
    const services = await openServices(own, { logger, changeCount: options.changeCount })
    opened.push(services)
    const { newerMigrations } = services
    if (newerMigrations.length > 0)
      logger.warn({ newerMigrations }, "the database is newer than this version")
    const metrics = createMetrics({ tokenStats: () => services.tokens.stats() })
    const { metricsText = async () => renderMetrics(await metrics.collect()) } = options
    const app = createServerApp({
      config: own,
      services: tracing === null ? services : traceStores(services, tracing),
      now: Date.now,
      logger,
      observe: tracing === null ? metrics.observe : both(metrics.observe, tracing.observe),
      ready: async () => {
        await draining.ready()
        await services.ready()
      },
    })
    app.get(METRICS_PATH, showMetrics({ metricsToken: config.metricsToken, metricsText }))
    if (tracing === null) {
      const { observe } = metrics
      draining.answerWith(app.fetch, createServerHotRoutes({ issuer: own.issuer, services, logger, observe }))
    } else {
      // What is answered in front of the app would have no span.
      draining.answerWith(tracing.traceRequests(app.fetch))
    }
    listener ??= await takePort()
    logger.info({ url: own.issuer, host: config.host, port }, "listening")
    return {
      issuer: own.issuer,
      port,
      metrics: metrics.collect,
      async stop({ drainMs, staysReady } = { drainMs: 0, staysReady: false }) {
        draining.begin({ staysReady })
        if (drainMs > 0) await wait(drainMs)
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Spans for what the stores are asked, the wait of a revocation included. */
function traceStores(services: Services, tracing: Tracing): Services {
  return {
    ...services,
    tokens: tracing.traceCalls("tokens", services.tokens),
    accounts: tracing.traceCalls("accounts", services.accounts),
    clients: tracing.traceCalls("clients", services.clients),
  }
}

function both(first: ObserveRequest, second: ObserveRequest): ObserveRequest {
  return (...request) => {
    first(...request)
    second(...request)
  }
}
