import { ALLOWLISTS, type Allowlist, type Scope } from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import { type Handler, Hono } from "hono"
import type { Accounts } from "../accounts/accounts.ts"
import type { Audit } from "../audit/events.ts"
import type { Clients } from "../clients/clients.ts"
import type { DpopVerifier } from "../dpop/proof.ts"
import { methodNotAllowed } from "../middleware/error-response.ts"
import { createAccessKey, deleteAccessKey, listAccessKeys } from "./access-key-routes.ts"
import type { AccessKeys } from "./access-keys.ts"
import { listActivity } from "./activity-routes.ts"
import {
  createApp,
  deleteApp,
  getApp,
  listApps,
  listChains,
  putAllowlist,
  putNetworks,
  updateApp,
} from "./app-routes.ts"
import type { Apps } from "./apps.ts"
import { type AdminEnv, authenticate, requireScope } from "./authenticate.ts"
import { ME_SCOPE, showMe } from "./me.ts"
import { endSession, endSessions, listSessions } from "./session-routes.ts"

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

/** The admin API, to be mounted at `/v1`. Every path, the unknown ones too, asks for a credential first. */
export function createAdminApi(deps: {
  tokens: TokenService
  accounts: Accounts
  clients: Clients
  dpop: DpopVerifier
  apps: Apps
  accessKeys: AccessKeys
  audit: Audit
}): Hono<AdminEnv> {
  const { tokens, apps, accessKeys } = deps

  const api = new Hono<AdminEnv>()
  api.use("*", authenticate(deps))
  /** Each method with the scope that it needs. */
  const route = (path: string, handlers: Partial<Record<Method, [Scope, Handler<AdminEnv>]>>) => {
    for (const [method, [scope, handler]] of Object.entries(handlers)) {
      api.on(method, path, (c, next) => {
        requireScope(c.get("caller"), scope)
        return handler(c, next)
      })
    }
    api.all(path, methodNotAllowed(Object.keys(handlers).join(", ")))
  }
  route("/me", { GET: [ME_SCOPE, showMe] })
  route("/apps", { GET: ["apps:read", listApps(apps)], POST: ["apps:write", createApp(apps)] })
  route("/apps/:id", {
    GET: ["apps:read", getApp(apps)],
    PATCH: ["apps:write", updateApp(apps)],
    DELETE: ["apps:write", deleteApp(apps)],
  })
  route("/apps/:id/networks", { PUT: ["apps:write", putNetworks(apps)] })
  for (const allowlist of Object.keys(ALLOWLISTS) as Allowlist[]) {
    route(`/apps/:id/${allowlist}`, { PUT: ["apps:write", putAllowlist(apps, allowlist)] })
  }
  route("/chains", { GET: ["apps:read", listChains] })
  route("/sessions", {
    GET: ["sessions:manage", listSessions(tokens)],
    DELETE: ["sessions:manage", endSessions(tokens)],
  })
  route("/sessions/:id", { DELETE: ["sessions:manage", endSession(tokens)] })
  route("/access-keys", {
    GET: ["keys:manage", listAccessKeys(accessKeys)],
    POST: ["keys:manage", createAccessKey(accessKeys)],
  })
  route("/access-keys/:id", { DELETE: ["keys:manage", deleteAccessKey(accessKeys)] })
  route("/activity", { GET: ["sessions:manage", listActivity(deps.audit)] })
  return api
}
