import { createHash, timingSafeEqual } from "node:crypto"
import { getConnInfo } from "@hono/node-server/conninfo"
import type { Context, Handler } from "hono"
import { notFoundResponse } from "../middleware/error-response.ts"
import type { AppEnv } from "../middleware/request-log.ts"

export const METRICS_PATH = "/metrics"

/** Who asks for these headers came through a proxy, whatever address it has. */
const FORWARDED = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
]

/**
 * `GET /metrics`: what the server counts, all workers together, in Prometheus' text format (version 0.0.4). It is there for whoever brings the
 * token; where none is set, for programs on this machine. For everybody else there is nothing at this address.
 * @param deps.metricsToken the bearer token (RFC 6750 §2.1), or `null`
 * @param deps.metricsText the text; rejects where it cannot be had
 */
export function showMetrics(deps: {
  metricsToken: string | null
  metricsText: () => Promise<string>
}): Handler<AppEnv> {
  const expected = deps.metricsToken === null ? null : digestOf(deps.metricsToken)
  return async (c) => {
    const allowed = expected === null ? isFromHere(c) : brings(c, expected)
    if (!allowed) return notFoundResponse(c)
    return c.body(await deps.metricsText(), 200, {
      "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
      "Cache-Control": "no-store",
    })
  }
}

function brings(c: Context, expected: Buffer): boolean {
  const [, token] = /^Bearer +([^\s]+)$/i.exec(c.req.header("authorization") ?? "") ?? []
  return token !== undefined && timingSafeEqual(digestOf(token), expected)
}

function isFromHere(c: Context): boolean {
  if (FORWARDED.some((header) => c.req.header(header) !== undefined)) return false
  const bindings: unknown = c.env
  if (typeof bindings !== "object" || bindings === null || !("incoming" in bindings)) return false
  const address = getConnInfo(c).remote.address ?? ""
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address) || address === "::1"
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest()
}
