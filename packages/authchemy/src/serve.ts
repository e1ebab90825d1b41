import type { Logger } from "pino"
import type { Config } from "./config.ts"
import { listen } from "./listen.ts"
import { createLogger } from "./logging.ts"
import { createServerApp } from "./server-app.ts"
import { openServices } from "./services.ts"

/**
 * Runs the server until it is told to stop (SIGTERM or SIGINT): then `/readyz` says no, listening ends, what is in flight is
 * answered, and the stores are closed. A second signal of the same kind ends the process at once.
 * @throws StoreUnavailableError, ListenError
 */
export async function serve(config: Config): Promise<void> {
  const logger = createLogger()
  const told = signalled("SIGTERM", "SIGINT")
  const server = await startServer(config, logger)
  logger.info({ signal: await told }, "stopping")
  await server.stop()
  logger.info("stopped")
}

/** A server that answers. */
export type RunningServer = { readonly issuer: string; readonly port: number; stop(): Promise<void> }

/**
 * Listens, opens the stores, and resolves when both are done. The port is taken first, so that a second server fails before it
 * touches anything, and because with port 0 the issuer is known only then.
 * @throws StoreUnavailableError, ListenError
 */
export async function startServer(config: Config, logger: Logger): Promise<RunningServer> {
  let answer = (_request: Request, _bindings: object): Response | Promise<Response> =>
    new Response(null, { status: 503, headers: { "Retry-After": "1" } })
  const listener = await listen({
    fetch: (request, bindings) => answer(request, bindings),
    host: config.host,
    port: config.port,
  })
  const { port } = listener
  const issuer = config.issuer.replace(/:0$/, `:${port}`)
  try {
    const services = await openServices({ ...config, issuer }, (err) =>
      logger.warn({ err }, "store connection"),
    )
    let stopping = false
    const app = createServerApp({
      config: { ...config, issuer },
      services,
      now: Date.now,
      logger,
      ready: async () => {
        if (stopping) throw new Error("the server is stopping")
        await services.ready()
      },
    })
    answer = app.fetch
    logger.info({ url: issuer, host: config.host, port }, "listening")
    return {
      issuer,
      port,
      async stop() {
        stopping = true
        await listener.close()
        await services.close()
      },
    }
  } catch (error) {
    await listener.close()
    throw error
  }
}

function signalled(...signals: NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) process.once(signal, resolve)
  })
}
