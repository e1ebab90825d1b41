import {
  ADMIN_API_PATH,
  CLI_LOGOUT_PATH,
  CLI_TOKEN_PATH,
  DEVICE_PATH,
  LOGIN_PATH,
  OAUTH_PATHS,
} from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import { type Env, Hono } from "hono"
import type { Logger } from "pino"
import type { Accounts } from "./accounts/accounts.ts"
import { BUILT_IN, type BuiltInAccounts } from "./accounts/built-in.ts"
import type { AccessKeys } from "./admin/access-keys.ts"
import type { Apps } from "./admin/apps.ts"
import type { Audit } from "./audit/events.ts"
import type { Clients } from "./clients/clients.ts"
import type { DpopVerifier } from "./dpop/proof.ts"
import { createProgramRequestLimits, createSignInAttemptLimits } from "./limits/kept-request-limits.ts"
import type { OpenRateLimiter } from "./limits/rate-limiter.ts"
import { createUserCodeLimits } from "./limits/user-code-limits.ts"
import { createClientAddress } from "./middleware/client-address.ts"
import { errorResponse, notFoundResponse } from "./middleware/error-response.ts"
import { type AppEnv, createRequestLog, type ObserveRequest, requestLog } from "./middleware/request-log.ts"
import { securityHeaders } from "./middleware/security-headers.ts"
import { useSite } from "./middleware/site.ts"
import { recordOrigin } from "./middleware/visit.ts"
import { type Brand, createSite, type Site } from "./pages/site.ts"
import { accountRoutes } from "./routes/account/routes.ts"
import { answerApproval } from "./routes/approval.ts"
import { createRequestSeal } from "./routes/approval-request.ts"
import { showAsset } from "./routes/assets.ts"
import { endSession } from "./routes/cli-logout.ts"
import { redeemForToken } from "./routes/cli-token.ts"
import { answerDevice, createDeviceSeals, showDevice } from "./routes/device.ts"
import { createFormTokens } from "./routes/form-token.ts"
import { showHealth, showReadiness } from "./routes/health.ts"
import { showLogin } from "./routes/login.ts"
import { showAuthorize } from "./routes/oauth/authorize.ts"
import { authorizeDevice } from "./routes/oauth/device-authorization.ts"
import { introspectToken } from "./routes/oauth/introspect.ts"
import { showMetadata } from "./routes/oauth/metadata.ts"
import { pushAuthorizationRequest } from "./routes/oauth/pushed-authorization-request.ts"
import { renewFollower, streamRevocations } from "./routes/oauth/revocations.ts"
import { revokeToken } from "./routes/oauth/revoke.ts"
import { issueToken } from "./routes/oauth/token.ts"
import { createOpened } from "./routes/opened.ts"
import { addRoutes, type RouteTable } from "./routes/route-table.ts"
import { signInRoutes } from "./routes/sign-in/routes.ts"
import { submitSignOut } from "./routes/sign-in/sign-out.ts"

/** What the server is made of. */
export type RoutesDeps<AdminEnv extends Env> = {
  /** This server's origin, without a trailing slash; never taken from a request. */
  issuer: string
  tokens: TokenService
  /** Who is signed in to a browser; the built-in ones bring pages of their own. */
  accounts: Accounts | BuiltInAccounts
  /** The registered OAuth clients. */
  clients: Clients
  dpop: DpopVerifier
  openRateLimiter: OpenRateLimiter
  audit: Audit
  apps: Apps
  accessKeys: AccessKeys
  /** The admin API, mounted at `/v1`. */
  adminApi: Hono<AdminEnv>
  /** How the operator has the pages look. */
  brand: Brand
  /** At least 32 characters; keys are derived from it, each for one purpose. */
  secret: string
  /** Serves clients that send no code challenge. Weakens safety: only for command-line programs that cannot be updated. */
  allowCodeWithoutPkce: boolean
  /** IP addresses and CIDR ranges whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[]
  /** Milliseconds since the epoch. */
  now: () => number
  logger: Logger
  /** Told of each request that was answered; nobody is where left out. */
  observe?: ObserveRequest
  /** Rejects where a store does not answer, or the server is stopping. */
  ready: () => Promise<void>
}

/** The server's routes, without a listener: `fetch` takes a `Request` and gives a `Response`. */
export function createRoutes<AdminEnv extends Env>(deps: RoutesDeps<AdminEnv>): Hono<AppEnv> {
  const { accounts, issuer } = deps
  const clientAddress = createClientAddress(deps.trustedProxies)
  const formTokens = createFormTokens(deps)
  const shared = { ...deps, clientAddress, formTokens }
  const approval = {
    ...shared,
    requestSeal: createRequestSeal(deps.secret, deps.now),
    opened: createOpened(deps.secret, deps.now),
  }
  const oauth = { ...shared, requestLimits: createProgramRequestLimits(deps.openRateLimiter) }
  const device = {
    ...shared,
    deviceSeals: createDeviceSeals(deps.secret, deps.now),
    userCodeLimits: createUserCodeLimits(deps.openRateLimiter),
  }
  const builtIn = isBuiltIn(accounts) ? accounts : null
  const site = createSite(deps.brand, { hasSecurityPage: builtIn !== null })

  const app = new Hono<AppEnv>()
  app.use(
    requestLog(createRequestLog(deps.logger, deps.observe)),
    securityHeaders(issuer),
    useSite(site),
    recordOrigin(clientAddress),
  )
  app.onError(errorResponse(deps.logger))
  app.notFound(notFoundResponse)

  addRoutes(app, {
    [LOGIN_PATH]: { get: showLogin(approval), post: answerApproval(approval) },
    [CLI_TOKEN_PATH]: { post: redeemForToken(deps) },
    [CLI_LOGOUT_PATH]: { post: endSession(deps) },
    [OAUTH_PATHS.metadata]: { get: showMetadata(deps) },
    [OAUTH_PATHS.openidMetadata]: { get: showMetadata(deps) },
    [OAUTH_PATHS.authorize]: { get: showAuthorize(approval), post: answerApproval(approval) },
    [OAUTH_PATHS.pushedAuthorizationRequest]: { post: pushAuthorizationRequest(oauth) },
    [OAUTH_PATHS.token]: { post: issueToken(oauth) },
    [OAUTH_PATHS.deviceAuthorization]: { post: authorizeDevice(oauth) },
    [OAUTH_PATHS.revoke]: { post: revokeToken(oauth) },
    [OAUTH_PATHS.introspect]: { post: introspectToken(oauth) },
    [OAUTH_PATHS.revocations]: { get: streamRevocations(oauth), post: renewFollower(oauth) },
    [DEVICE_PATH]: { get: showDevice(device), post: answerDevice(device) },
    "/sign-out": { post: submitSignOut(deps), formOf: "/" },
    "/healthz": { get: showHealth },
    "/readyz": { get: showReadiness(deps) },
  })
  addRoutes(app, accountRoutes({ ...shared, builtIn }))
  if (builtIn !== null) {
    const requestLimits = createSignInAttemptLimits(deps.openRateLimiter)
    addRoutes(app, signInRoutes({ ...shared, accounts: builtIn, requestLimits }))
  }
  addRoutes(app, assetRoutes(site))
  app.route(ADMIN_API_PATH, deps.adminApi)
  return app
}

function isBuiltIn(accounts: Accounts | BuiltInAccounts): accounts is BuiltInAccounts {
  return BUILT_IN in accounts
}

function assetRoutes({ style, icon, scripts }: Site): RouteTable {
  const assets = [style, icon, ...Object.values(scripts)]
  return Object.fromEntries(assets.map((asset) => [asset.path, { get: showAsset(asset) }]))
}
