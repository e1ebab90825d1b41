import {
  ADMIN_API_PATH,
  CLI_LOGOUT_PATH,
  CLI_TOKEN_PATH,
  DEVICE_PATH,
  LOGIN_PATH,
  OAUTH_PATHS,
} from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import { type Env, type Handler, Hono } from "hono"
import type { Logger } from "pino"
import type { Accounts, PasswordAccounts } from "./accounts/accounts.ts"
import type { Clients } from "./clients/clients.ts"
import type { DpopVerifier } from "./dpop/proof.ts"
import { createDeviceRequestLimits } from "./limits/device-request-limits.ts"
import type { OpenRateLimiter } from "./limits/rate-limiter.ts"
import { createUserCodeLimits } from "./limits/user-code-limits.ts"
import { createClientAddress } from "./middleware/client-address.ts"
import { errorResponse, methodNotAllowed, notFoundResponse } from "./middleware/error-response.ts"
import { type AppEnv, createRequestLog, type ObserveRequest, requestLog } from "./middleware/request-log.ts"
import { securityHeaders } from "./middleware/security-headers.ts"
import { ICON_PATH } from "./pages/layout.ts"
import { SESSIONS_PATH } from "./pages/sessions.ts"
import { STYLE_PATH } from "./pages/style.ts"
import { answerApproval } from "./routes/approval.ts"
import { createRequestSeal } from "./routes/approval-request.ts"
import { showIcon, showStyle } from "./routes/assets.ts"
import { endSession } from "./routes/cli-logout.ts"
import { redeemForToken } from "./routes/cli-token.ts"
import { answerDevice, createDeviceSeals, showDevice } from "./routes/device.ts"
import { showHealth, showReadiness } from "./routes/health.ts"
import { showHome } from "./routes/home.ts"
import { showLogin } from "./routes/login.ts"
import { showAuthorize } from "./routes/oauth/authorize.ts"
import { authorizeDevice } from "./routes/oauth/device-authorization.ts"
import { introspectToken } from "./routes/oauth/introspect.ts"
import { showMetadata } from "./routes/oauth/metadata.ts"
import { pushAuthorizationRequest } from "./routes/oauth/pushed-authorization-request.ts"
import { renewFollower, streamRevocations } from "./routes/oauth/revocations.ts"
import { revokeToken } from "./routes/oauth/revoke.ts"
import { issueToken } from "./routes/oauth/token.ts"
import { createSessionsSeal, endSessions, showSessions } from "./routes/sessions.ts"
import { showCreateAccount, showSignIn, submitCreateAccount, submitSignIn } from "./routes/sign-in.ts"
import { submitSignOut } from "./routes/sign-out.ts"

/** What the server is made of. */
export type AppDeps<AdminEnv extends Env> = {
  /** This server's origin, without a trailing slash; never taken from a request. */
  issuer: string
  tokens: TokenService
  /** Who is signed in to a browser; `PasswordAccounts` bring the pages for signing in. */
  accounts: Accounts | PasswordAccounts
  /** The registered OAuth clients. */
  clients: Clients
  dpop: DpopVerifier
  openRateLimiter: OpenRateLimiter
  /** The admin API, mounted at `/v1`. */
  adminApi: Hono<AdminEnv>
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

/** The server's routes, without a listener: `app.fetch` takes a `Request` and gives a `Response`. */
export function createApp<AdminEnv extends Env>(deps: AppDeps<AdminEnv>): Hono<AppEnv> {
  const { accounts, issuer } = deps
  const clientAddress = createClientAddress(deps.trustedProxies)
  const requestSeal = createRequestSeal(deps.secret, deps.now)
  const approval = { ...deps, clientAddress, requestSeal }
  const requestLimits = createDeviceRequestLimits(deps.openRateLimiter)
  const oauth = { ...deps, clientAddress, requestLimits }
  const device = {
    ...deps,
    clientAddress,
    deviceSeals: createDeviceSeals(deps.secret, deps.now),
    userCodeLimits: createUserCodeLimits(deps.openRateLimiter),
  }
  const sessions = { ...deps, sessionsSeal: createSessionsSeal(deps.secret, deps.now) }

  const app = new Hono<AppEnv>()
  app.use(requestLog(createRequestLog(deps.logger, deps.observe)), securityHeaders(issuer))
  app.onError(errorResponse(deps.logger))
  app.notFound(notFoundResponse)
  const route = (path: string, handlers: { get?: Handler<AppEnv>; post?: Handler<AppEnv> }) => {
    if (handlers.get !== undefined) app.get(path, handlers.get)
    if (handlers.post !== undefined) app.post(path, handlers.post)
    app.all(path, methodNotAllowed(Object.keys(handlers).join(", ").toUpperCase()))
  }

  route(LOGIN_PATH, { get: showLogin(approval), post: answerApproval(approval) })
  route(CLI_TOKEN_PATH, { post: redeemForToken(deps) })
  route(CLI_LOGOUT_PATH, { post: endSession(deps) })
  route(OAUTH_PATHS.metadata, { get: showMetadata(deps) })
  route(OAUTH_PATHS.openidMetadata, { get: showMetadata(deps) })
  route(OAUTH_PATHS.authorize, { get: showAuthorize(approval), post: answerApproval(approval) })
  route(OAUTH_PATHS.pushedAuthorizationRequest, { post: pushAuthorizationRequest(oauth) })
  route(OAUTH_PATHS.token, { post: issueToken(oauth) })
  route(OAUTH_PATHS.deviceAuthorization, { post: authorizeDevice(oauth) })
  route(OAUTH_PATHS.revoke, { post: revokeToken(oauth) })
  route(OAUTH_PATHS.introspect, { post: introspectToken(oauth) })
  route(OAUTH_PATHS.revocations, { get: streamRevocations(oauth), post: renewFollower(oauth) })
  route(DEVICE_PATH, { get: showDevice(device), post: answerDevice(device) })
  route("/", { get: showHome(deps) })
  route(SESSIONS_PATH, { get: showSessions(sessions), post: endSessions(sessions) })
  route("/sign-out", { post: submitSignOut(deps) })
  if (hasPasswords(accounts)) {
    const signIn = { issuer, accounts, clientAddress }
    route("/sign-in", { get: showSignIn(signIn), post: submitSignIn(signIn) })
    route("/create-account", { get: showCreateAccount(signIn), post: submitCreateAccount(signIn) })
  }
  route("/healthz", { get: showHealth })
  route("/readyz", { get: showReadiness(deps) })
  route(STYLE_PATH, { get: showStyle })
  route(ICON_PATH, { get: showIcon })
  app.route(ADMIN_API_PATH, deps.adminApi)
  return app
}

function hasPasswords(accounts: Accounts | PasswordAccounts): accounts is PasswordAccounts {
  return "signIn" in accounts
}
