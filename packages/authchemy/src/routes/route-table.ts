import type { Handler, Hono } from "hono"
import { methodNotAllowed } from "../middleware/error-response.ts"
import type { AppEnv } from "../middleware/request-log.ts"

/**
 * Paths with what answers there; any other method is told which there are. `formOf`: the path of the page whose form is posted there, with the same
 * parameters. Who opens such an address in the browser, where it stands after a form was refused, is led to that page.
 */
export type RouteTable = Readonly<
  Record<string, { get?: Handler<AppEnv>; post?: Handler<AppEnv>; formOf?: string }>
>

/** Has an app answer at the paths of a table. */
export function addRoutes(app: Hono<AppEnv>, table: RouteTable): void {
  for (const [path, { get, post, formOf }] of Object.entries(table)) {
    if (get !== undefined) app.get(path, get)
    else if (formOf !== undefined) app.get(path, leadToPage(formOf))
    if (post !== undefined) app.post(path, post)
    const methods = [...(get === undefined ? [] : ["GET"]), ...(post === undefined ? [] : ["POST"])]
    app.all(path, methodNotAllowed(methods.join(", ")))
  }
}

function leadToPage(page: string): Handler<AppEnv> {
  return (c) => {
    const parameters: Readonly<Record<string, string>> = c.req.param()
    const path = page.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(parameters[name] ?? ""))
    return c.redirect(path, 303)
  }
}
