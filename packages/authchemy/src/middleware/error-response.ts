import {
  ADMIN_API_PATH,
  type AdminErrorResponse,
  type CliErrorResponse,
  DEVICE_PATH,
  LOGIN_PATH,
  OAUTH_PATHS,
  WIRE_ERRORS,
  type WireErrorCode,
} from "@authchemy/protocol"
import { StoreUnavailableError } from "@authchemy/tokens"
import type { Context, ErrorHandler, NotFoundHandler } from "hono"
import { html } from "hono/html"
import { HTTPException } from "hono/http-exception"
import type { Logger } from "pino"
import { errorPage } from "../pages/error.ts"
import { type Markup, SECTIONS } from "../pages/page.ts"
import type { AppEnv } from "./request-log.ts"
import { RequestRefused } from "./request-refused.ts"
import { showPage } from "./show-page.ts"
import { isForPrograms } from "./visit.ts"

type Failure = {
  status: RequestRefused["status"] | 500 | 503
  code: WireErrorCode
  message: string
  headers?: Readonly<Record<string, string>>
}

const STORE_OUT_OF_REACH: Failure = {
  status: 503,
  code: WIRE_ERRORS.temporarilyUnavailable,
  message: "The server cannot reach its store. Try again in a moment.",
  headers: { "Retry-After": "1" },
}

/** Answers what a route threw: a page or JSON, never a stack. Faults of the server are logged. */
export function errorResponse(logger: Logger): ErrorHandler<AppEnv> {
  return (error, c) => {
    if (error instanceof RequestRefused) return respondWithError(c, error)
    if (error instanceof HTTPException && error.status < 500) {
      const message = "The request cannot be read."
      return respondWithError(c, { status: 400, code: WIRE_ERRORS.invalidRequest, message })
    }
    logger.error({ err: error, id: c.get("requestId") }, "request failed")
    if (error instanceof StoreUnavailableError) return respondWithError(c, STORE_OUT_OF_REACH)
    const message = "Something went wrong on the server."
    return respondWithError(c, { status: 500, code: WIRE_ERRORS.serverError, message })
  }
}

/** Answers a path that is not there. */
export const notFoundResponse: NotFoundHandler<AppEnv> = (c) => {
  const message = "There is nothing at this address."
  return respondWithError(c, { status: 404, code: WIRE_ERRORS.notFound, message })
}

/** Answers a known path with a method it does not have. @param allow the methods it has, for `Allow` */
export function methodNotAllowed(allow: string) {
  return () => {
    const message = `This address takes ${allow} only.`
    throw new RequestRefused(405, WIRE_ERRORS.methodNotAllowed, message, { Allow: allow })
  }
}

/**
 * An error in the form that the path calls for: `{ error, error_description }` under `/api` and at the OAuth endpoints, `{ error, message }` under
 * the admin API, elsewhere a page for browsers and JSON for everything else.
 */
function respondWithError(c: Context<AppEnv>, failure: Failure): Response | Promise<Response> {
  for (const [name, value] of Object.entries(failure.headers ?? {})) c.header(name, value)
  const { path } = c.req
  if (path === ADMIN_API_PATH || path.startsWith(`${ADMIN_API_PATH}/`)) {
    const answer: AdminErrorResponse = { error: failure.code, message: failure.message }
    return c.json(answer, failure.status)
  }
  const acceptsPage = c.req.header("accept")?.includes("text/html") ?? false
  if (isForPrograms(path) || (failure.status === 404 && !acceptsPage)) {
    const answer: CliErrorResponse = { error: failure.code, error_description: failure.message }
    return c.json(answer, failure.status)
  }
  const page = errorPage({
    title:
      SIGN_IN_DOORS.includes(path) && failure.status === 400
        ? "This sign-in cannot start"
        : TITLES[failure.status],
    message: failure.message,
    advice: ADVICE[failure.status] ?? adviceAt(path),
    code: failure.code,
    reference: failure.status >= 500 ? c.get("requestId") : null,
  })
  return showPage(c, page, { status: failure.status })
}

/** What to do where the status alone does not say it. */
function adviceAt(path: string): string | Markup {
  if (TERMINAL_DOORS.includes(path)) return "Go back to your terminal and start again."
  const section = Object.values(SECTIONS).find((at) => path === at.path || path.startsWith(`${at.path}/`))
  if (section === undefined) return html`Begin again at the ${START_PAGE}.`
  const nothing = section === SECTIONS.sessions ? "Nothing was ended." : "Nothing was changed."
  return html`${nothing} Open <a href="${section.path}">${section.title}</a> and repeat what you did.`
}

const START_PAGE = html`<a href="/">start page</a>`

/** Where a sign-in begins in a browser. */
const SIGN_IN_DOORS: readonly string[] = [LOGIN_PATH, OAUTH_PATHS.authorize]

/** Where a browser arrives from a terminal. */
const TERMINAL_DOORS: readonly string[] = [...SIGN_IN_DOORS, DEVICE_PATH]

const TITLES: Record<Failure["status"], string> = {
  400: "This request cannot be used",
  401: "Sign-in needed",
  403: "Not allowed",
  404: "Page not found",
  405: "Not possible here",
  409: "Changed by something else",
  413: "Too much was sent",
  415: "This cannot be read",
  429: "Too many attempts",
  500: "Something went wrong",
  503: "Not available right now",
}

const ADVICE: Partial<Record<Failure["status"], string | Markup>> = {
  404: html`Check the address, or begin again at the ${START_PAGE}.`,
  429: "Nothing was changed. When that time has passed, go back and repeat what you did.",
  500: "Try again. If it happens again, tell whoever runs this server the reference below.",
  503: "Reload this page in a moment.",
}
