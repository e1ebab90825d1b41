import { ADMIN_API_PATH, OAUTH_PATHS, tidyText } from "@authchemy/protocol"
import type { Context, MiddlewareHandler } from "hono"
import type { Visit } from "../accounts/built-in.ts"
import { withOrigin } from "../audit/origin.ts"
import type { ClientAddress } from "./client-address.ts"
import type { AppEnv } from "./request-log.ts"

/** Has all that a request leads to recorded as its doing: a browser's at the pages, a program's at the paths for programs. */
export function recordOrigin(clientAddress: ClientAddress): MiddlewareHandler<AppEnv> {
  return (c, next) => {
    const actor = isForPrograms(c.req.path) ? "program" : "browser"
    return withOrigin({ actor, ...visitOf(c, clientAddress) }, next)
  }
}

/** Where a request comes from. */
export function visitOf(c: Context, clientAddress: ClientAddress): Visit {
  return { address: clientAddress(c), agent: tidyAgent(c.req.header("user-agent")) }
}

/** The longest `User-Agent` that is kept. */
const LONGEST_AGENT = 200

function tidyAgent(header: string | undefined): string | null {
  return tidyText(header ?? "", LONGEST_AGENT) || null
}

/** The CLI API, the admin API, and the OAuth endpoints but for the one that people see. */
export function isForPrograms(path: string): boolean {
  if (path === ADMIN_API_PATH || path.startsWith(`${ADMIN_API_PATH}/`)) return true
  return path.startsWith("/api/") || (path.startsWith("/oauth/") && path !== OAUTH_PATHS.authorize)
}
