import { randomUUID } from "node:crypto"
import type { MiddlewareHandler } from "hono"
import type { Logger } from "pino"
import { withoutSecrets } from "../logging.ts"

/** What every route finds in its context. */
export type AppEnv = { Variables: { requestId: string } }

/** One log line a request: id, method, path without query, status, milliseconds. Never headers, query or body. */
export function requestLog(logger: Logger): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const id = randomUUID()
    const begun = performance.now()
    c.set("requestId", id)
    await next()
    logger.info(
      {
        id,
        method: c.req.method,
        path: withoutSecrets(c.req.path),
        status: c.res.status,
        ms: Math.round((performance.now() - begun) * 10) / 10,
      },
      "request",
    )
  }
}
