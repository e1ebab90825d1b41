import type { Hono } from "hono"
import type { Logger } from "pino"
import { createAdminApi } from "./admin/admin-api.ts"
import { createApp } from "./app.ts"
import type { Config } from "./config.ts"
import { createDpopVerifier } from "./dpop/proof.ts"
import { usedProofs } from "./dpop/used-proofs.ts"
import type { AppEnv } from "./middleware/request-log.ts"
import type { Services } from "./services.ts"

/**
 * The app of a configuration on its services: what the server answers with.
 * @param options.config its issuer is this server's own
 * @param options.now milliseconds since the epoch
 * @param options.ready rejects where the server is not to be sent requests
 */
export function createServerApp(options: {
  config: Config
  services: Omit<Services, "close" | "ready">
  now: () => number
  logger: Logger
  ready: () => Promise<void>
}): Hono<AppEnv> {
  const { config, services, ...rest } = options
  const { issuer } = config
  const { secret, tokens } = services
  const shared = { ...services, now: options.now }
  const dpop = createDpopVerifier({ issuer, secret, now: options.now, useOnce: usedProofs(tokens) })
  return createApp({ ...config, ...services, ...rest, dpop, adminApi: createAdminApi({ ...shared, dpop }) })
}
