import type { TokenService } from "@authchemy/tokens"
import { type Handler, Hono } from "hono"
import type { Accounts } from "../accounts/accounts.ts"
import type { Database } from "../database/database.ts"
import { methodNotAllowed } from "../middleware/error-response.ts"
import { createAccessKey, deleteAccessKey, listAccessKeys } from "./access-key-routes.ts"
import { createAccessKeys } from "./access-keys.ts"
import { createApp, deleteApp, getApp, listApps, listChains, updateApp } from "./app-routes.ts"
import { createApps } from "./apps.ts"
import { type AdminEnv, authenticate } from "./authenticate.ts"
import { showMe } from "./me.ts"
import { endSession, endSessions, listSessions } from "./session-routes.ts"

type Method = "GET" | "POST" | "PATCH" | "DELETE"

/**
 * The admin API, to be mounted at `/v1`. Every path, the unknown ones too, asks for a credential first.
 * @param deps.now milliseconds since the epoch
 */
export function createAdminApi(deps: {
  tokens: TokenService
  accounts: Accounts
  database: Database
  now: () => number
}): Hono<AdminEnv> {
  const { tokens, accounts, database, now } = deps
  const accessKeys = createAccessKeys(database, now)
  const apps = createApps(database, now)

  const api = new Hono<AdminEnv>()
  api.use("*", authenticate({ tokens, accounts, accessKeys }))
  const route = (path: string, handlers: Partial<Record<Method, Handler<AdminEnv>>>) => {
    for (const [method, handler] of Object.entries(handlers)) api.on(method, path, handler)
    api.all(path, methodNotAllowed(Object.keys(handlers).join(", ")))
  }
  route("/me", { GET: showMe })
  route("/apps", { GET: listApps(apps), POST: createApp(apps) })
  route("/apps/:id", { GET: getApp(apps), PATCH: updateApp(apps), DELETE: deleteApp(apps) })
  route("/chains", { GET: listChains })
  route("/sessions", { GET: listSessions(tokens), DELETE: endSessions(tokens) })
  route("/sessions/:id", { DELETE: endSession(tokens) })
  route("/access-keys", { GET: listAccessKeys(accessKeys), POST: createAccessKey(accessKeys) })
  route("/access-keys/:id", { DELETE: deleteAccessKey(accessKeys) })
  return api
}
