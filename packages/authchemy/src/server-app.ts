import { ADMIN_API_PATH, OAUTH_PATHS } from "@authchemy/protocol"
import type { Hono } from "hono"
import type { Logger } from "pino"
import type { Accounts } from "./accounts/accounts.ts"
import type { HeldAccounts } from "./accounts/remembered.ts"
import { createAdminApi } from "./admin/admin-api.ts"
import type { HeldDeps } from "./admin/authenticate.ts"
import { showHeldMe } from "./admin/me.ts"
import { createRoutes } from "./app.ts"
import type { Clients } from "./clients/clients.ts"
import type { HeldClients } from "./clients/remembered.ts"
import type { Config } from "./config.ts"
import { createDpopVerifier } from "./dpop/proof.ts"
import { usedProofs } from "./dpop/used-proofs.ts"
import { createHotRoutes } from "./hot-routes.ts"
import type { HotHandler } from "./listen.ts"
import { type AppEnv, createRequestLog, type ObserveRequest } from "./middleware/request-log.ts"
import { type HeldTokens, introspectHeldToken } from "./routes/oauth/introspect.ts"
import type { Services } from "./services.ts"

/**
 * The app of a configuration on its services: what the server answers with.
 * @param options.config its issuer is this server's own
 * @param options.now milliseconds since the epoch
 * @param options.ready rejects where the server is not to be sent requests
 */
export function createServerApp(options: {
  config: Config
  services: Omit<Services, "close" | "closeMail" | "ready" | "newerMigrations" | "accounts" | "clients"> & {
    accounts: Accounts
    clients: Clients
  }
  now: () => number
  logger: Logger
  observe?: ObserveRequest
  ready: () => Promise<void>
}): Hono<AppEnv> {
  const { config, services, ...rest } = options
  const { issuer } = config
  const { secret, tokens } = services
  const dpop = createDpopVerifier({ issuer, secret, now: options.now, useOnce: usedProofs(tokens) })
  return createRoutes({
    ...config,
    ...services,
    ...rest,
    dpop,
    adminApi: createAdminApi({ ...services, dpop }),
  })
}

/**
 * What the server answers from memory, in front of `createServerApp`: `GET /v1/me` and `POST /oauth/introspect`.
 * @param options.observe told of what was answered here; the app tells of the rest
 */
export function createServerHotRoutes(options: {
  issuer: string
  services: {
    tokens: HeldDeps["tokens"] & HeldTokens
    accounts: HeldAccounts
    clients: HeldClients
  }
  logger: Logger
  observe?: ObserveRequest
}): HotHandler {
  const { issuer, services, logger, observe } = options
  return createHotRoutes({
    issuer,
    log: createRequestLog(logger, observe),
    routes: [
      { method: "GET", path: `${ADMIN_API_PATH}/me`, answer: showHeldMe(services) },
      {
        method: "POST",
        path: OAUTH_PATHS.introspect,
        answer: introspectHeldToken({ issuer, ...services }),
      },
    ],
  })
}
