import { randomBytes } from "node:crypto"
import { OAUTH_PATHS } from "@authchemy/protocol"
import type { MiddlewareHandler } from "hono"
import { routePath } from "hono/route"
import type { Logger } from "pino"
import { withoutSecrets } from "../logging.ts"
import type { Site } from "../pages/site.ts"

/** What every route finds in its context. */
export type AppEnv = { Variables: { requestId: string; site: Site } }

/**
 * Told of each request that was answered.
 * @param route the path as it is routed, such as `/v1/apps/:id`; `/*` and `/v1/*` where there is nothing at the path
 */
export type ObserveRequest = (route: string, method: string, status: number, seconds: number) => void

/** A request that is being answered: its id, and when it began on the clock of `performance.now`. */
export type RequestBegun = { id: string; begun: number }

/** Notes requests, for the log and for whoever else observes them. */
export type RequestLog = {
  begin(): RequestBegun
  /** One log line: id, method, path without query, status, milliseconds. Never headers, query or body. */
  end(request: RequestBegun, answer: { method: string; path: string; route: string; status: number }): void
}

/** Asked for ten times a second by every verifier that follows over HTTP: one that goes well is no event. */
const HEARTBEATS: ReadonlySet<string> = new Set([OAUTH_PATHS.revocations])

/** Ids are a random start of this process's own, 64 bits, and a number that counts up. */
export function createRequestLog(logger: Logger, observe?: ObserveRequest): RequestLog {
  const start = randomBytes(8).toString("hex")
  let count = 0
  /** What is the same in every line about a path without parameters is put into JSON once. */
  const loggers = new Map<string, Logger>()
  const loggerOf = (method: string, path: string, route: string, status: number): Logger => {
    const said = { method, path: withoutSecrets(path), status }
    if (path !== route) return logger.child(said)
    const key = `${method} ${status} ${path}`
    const known = loggers.get(key) ?? logger.child(said)
    loggers.set(key, known)
    return known
  }
  return {
    begin: () => ({ id: `${start}-${++count}`, begun: performance.now() }),

    end: ({ id, begun }, { method, path, route, status }) => {
      const elapsed = performance.now() - begun
      const ms = Math.round(elapsed * 10) / 10
      const level = status === 200 && HEARTBEATS.has(route) ? "debug" : "info"
      loggerOf(method, path, route, status)[level]({ id, ms }, "request")
      observe?.(route, method, status, elapsed / 1000)
    },
  }
}

/** Notes every request of an app. */
export function requestLog(log: RequestLog): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const begun = log.begin()
    c.set("requestId", begun.id)
    await next()
    const { method, path } = c.req
    log.end(begun, { method, path, route: routePath(c, -1), status: c.res.status })
  }
}
