import type { MiddlewareHandler } from "hono"
import type { Site } from "../pages/site.ts"
import type { AppEnv } from "./request-log.ts"

/** Lets every route, and every error, answer with a page of this site. */
export function useSite(site: Site): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    c.set("site", site)
    await next()
  }
}
