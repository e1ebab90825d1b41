import { ALLOWLISTS, type Allowlist } from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import type { Accounts } from "../../accounts/accounts.ts"
import type { BuiltInAccounts } from "../../accounts/built-in.ts"
import type { AccessKeys } from "../../admin/access-keys.ts"
import type { Apps } from "../../admin/apps.ts"
import type { Audit } from "../../audit/events.ts"
import type { ClientAddress } from "../../middleware/client-address.ts"
import { SECTIONS } from "../../pages/page.ts"
import type { FormTokens } from "../form-token.ts"
import type { RouteTable } from "../route-table.ts"
import { confirmAccessKeyDeletion, createAccessKey, deleteAccessKey, showAccessKeys } from "./access-keys.ts"
import { showActivity } from "./activity.ts"
import { confirmAppDeletion, deleteApp, renameApp, saveAllowlist, saveNetworks, showApp } from "./app.ts"
import { createApp, showApps } from "./apps.ts"
import { showHome } from "./home.ts"
import { endSessions, showSessions } from "./sessions.ts"

/** What the pages of somebody who is signed in work on. */
export type AccountPagesDeps = {
  issuer: string
  accounts: Accounts
  /** `null`: the accounts are a host application's, which has pages of its own for them. */
  builtIn: BuiltInAccounts | null
  tokens: TokenService
  audit: Audit
  apps: Apps
  accessKeys: AccessKeys
  formTokens: FormTokens
  clientAddress: ClientAddress
  /** Milliseconds since the epoch. */
  now: () => number
}

/** The pages of somebody who is signed in, whoever keeps the accounts. */
export function accountRoutes(deps: AccountPagesDeps): RouteTable {
  const { sessions, accessKeys, apps, activity } = SECTIONS
  const allowlists = (Object.keys(ALLOWLISTS) as Allowlist[]).map((allowlist) => [
    `${apps.path}/:id/${allowlist}`,
    { post: saveAllowlist(deps, allowlist), formOf: `${apps.path}/:id` },
  ])
  return {
    "/": { get: showHome(deps) },
    [sessions.path]: { get: showSessions(deps), post: endSessions(deps) },
    [accessKeys.path]: { get: showAccessKeys(deps), post: createAccessKey(deps) },
    [`${accessKeys.path}/:id/delete`]: {
      get: confirmAccessKeyDeletion(deps),
      post: deleteAccessKey(deps),
    },
    [apps.path]: { get: showApps(deps), post: createApp(deps) },
    [`${apps.path}/:id`]: { get: showApp(deps), post: renameApp(deps) },
    [`${apps.path}/:id/networks`]: { post: saveNetworks(deps), formOf: `${apps.path}/:id` },
    ...Object.fromEntries(allowlists),
    [`${apps.path}/:id/delete`]: { get: confirmAppDeletion(deps), post: deleteApp(deps) },
    [activity.path]: { get: showActivity(deps) },
  }
}
