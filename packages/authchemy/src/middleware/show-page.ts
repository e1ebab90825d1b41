import type { Context } from "hono"
import type { ContentfulStatusCode } from "hono/utils/http-status"
import { layout } from "../pages/layout.ts"
import type { Page } from "../pages/page.ts"
import type { AppEnv } from "./request-log.ts"
import { pagePolicy } from "./security-headers.ts"

/**
 * Answers with a page in the site's frame. A page that names scripts may run those, and call this server; no other runs any.
 * @param options.formTargets sources that a form may lead to, besides this server
 */
export function showPage(
  c: Context<AppEnv>,
  page: Page,
  options: { status?: ContentfulStatusCode; formTargets?: readonly string[] } = {},
): Response | Promise<Response> {
  const { formTargets = [], status = 200 } = options
  const withScripts = (page.scripts ?? []).length > 0
  c.header("Content-Security-Policy", pagePolicy({ formTargets, withScripts }))
  return c.html(layout(c.get("site"), page), status)
}
