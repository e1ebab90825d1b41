import type { Handler } from "hono"
import type { Logger } from "pino"
import type { AppEnv } from "../middleware/request-log.ts"

/** `GET /healthz`: the process lives. */
export const showHealth: Handler<AppEnv> = (c) => c.json({ status: "ok" })

/** `GET /readyz`: the stores answer, and the server is not stopping. @param deps.ready rejects where they do not */
export function showReadiness(deps: { ready: () => Promise<void>; logger: Logger }): Handler<AppEnv> {
  return async (c) => {
    try {
      await deps.ready()
      return c.json({ status: "ok" })
    } catch (error) {
      deps.logger.warn({ err: error }, "not ready")
      c.header("Retry-After", "1")
      return c.json({ status: "unavailable" }, 503)
    }
  }
}
