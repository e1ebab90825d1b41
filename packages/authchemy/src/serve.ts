import { createAdminApi } from "./admin/admin-api.ts"
import { createApp } from "./app.ts"
import type { Config } from "./config.ts"
import { listen } from "./listen.ts"
import { createLogger } from "./logging.ts"
import { openServices } from "./services.ts"

/**
 * Runs the server until it is told to stop (SIGTERM or SIGINT): then `/readyz` says no, listening ends, what is in flight is
 * answered, and the stores are closed.
 * @throws StoreUnavailableError, ListenError
 */
export async function serve(config: Config): Promise<void> {
  const logger = createLogger()
  const services = await openServices(config, (err) => logger.warn({ err }, "store connection"))
  const { tokens, accounts, database, secret } = services
  const now = Date.now
  let stopping = false
  const app = createApp({
    ...config,
    tokens,
    accounts,
    adminApi: createAdminApi({ tokens, accounts, database, now }),
    secret,
    now,
    logger,
    ready: async () => {
      if (stopping) throw new Error("the server is stopping")
      await services.ready()
    },
  })
  try {
    const told = signalled("SIGTERM", "SIGINT")
    const listener = await listen({ fetch: app.fetch, host: config.host, port: config.port })
    logger.info({ url: config.issuer, host: config.host, port: listener.port }, "listening")
    logger.info({ signal: await told }, "stopping")
    stopping = true
    await listener.close()
  } finally {
    await services.close()
  }
  logger.info("stopped")
}

function signalled(...signals: NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) process.once(signal, resolve)
  })
}
