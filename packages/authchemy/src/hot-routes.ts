import type { IncomingMessage, ServerResponse } from "node:http"
import { MAX_BODY_BYTES } from "@authchemy/protocol"
import type { Session } from "@authchemy/tokens"
import type { Account } from "./accounts/accounts.ts"
import { readDeclaredBody, readPlainHeaders } from "./hot-request.ts"
import type { HotHandler, RequestHandler } from "./listen.ts"
import { decodeText, isOfType } from "./middleware/request-body.ts"
import type { RequestBegun, RequestLog } from "./middleware/request-log.ts"
import { apiHeaders } from "./middleware/security-headers.ts"
import { FORM_TYPE } from "./routes/oauth/oauth-form.ts"

/** What a hot route sees of a request. */
export type HotRequest = {
  /** The `Authorization` header. */
  authorization: string | null
  /** The text of a posted form; empty for a GET. */
  body: string
}

/** A body in JSON, for a 200; `encoding` is `latin1` where that is the same bytes as UTF-8, because it is written faster. */
export type HotAnswer = { text: string; bytes: number; encoding: "latin1" | "utf8" }

/** A route that is asked so often that it is answered without the framework, where memory is enough to answer from. */
export type HotRoute = {
  /** `POST`: of a form. */
  method: "GET" | "POST"
  /** Compared with the request's target as it stands: with a query it is another one. */
  path: string
  /**
   * The answer, from memory; `null`, or an error of any kind, where there is none: the app's own route is asked then, and answers or refuses by the same
   * rules.
   */
  answer(request: HotRequest): HotAnswer | null
}

/** An answer in JSON. */
export function jsonAnswer(value: object): HotAnswer {
  const text = JSON.stringify(value)
  const bytes = Buffer.byteLength(text)
  return { text, bytes, encoding: bytes === text.length ? "latin1" : "utf8" }
}

/**
 * Answers about sessions, kept as long as the session and the account are the same objects: both are frozen in what they say, and another object stands
 * for them when that has changed.
 */
export function createAnswersOfSessions() {
  const kept = new WeakMap<Session, { account: Account; answer: HotAnswer }>()
  return {
    of(session: Session, account: Account, describe: () => object): HotAnswer {
      const known = kept.get(session)
      if (known?.account === account) return known.answer
      const answer = jsonAnswer(describe())
      kept.set(session, { account, answer })
      return answer
    },
  }
}

/**
 * Answers hot routes with the bytes that the app would answer with, and logs them as it would. Whatever is unusual about a request is left to the app: a
 * header twice, an encoding, a body where none belongs or one that is too long.
 * @param options.issuer this server's origin
 */
export function createHotRoutes(options: {
  issuer: string
  routes: readonly HotRoute[]
  log: RequestLog
}): HotHandler {
  const { issuer, log } = options
  const routes = new Map(options.routes.map((route) => [route.path, route]))
  const headers = headersOf(issuer)

  const respond = (
    route: HotRoute,
    response: ServerResponse,
    begun: RequestBegun,
    asked: () => HotRequest,
  ) => {
    const answer = answerOf(route, asked)
    if (answer === null) return false
    response.writeHead(200, [...headers, "Content-Length", String(answer.bytes)])
    response.end(answer.text, answer.encoding)
    const { method, path } = route
    log.end(begun, { method, path, route: path, status: 200 })
    return true
  }

  return (request, response, goOn) => {
    const route = routes.get(request.url ?? "")
    if (route === undefined || route.method !== request.method) return false
    const plain = readPlainHeaders(request.rawHeaders)
    if (plain === null) return false
    const { authorization, contentType, contentLength } = plain
    const begun = log.begin()
    if (route.method === "GET") {
      return contentLength === null && respond(route, response, begun, () => ({ authorization, body: "" }))
    }
    if (!isOfType(contentType, FORM_TYPE) || !(Number(contentLength) <= MAX_BODY_BYTES)) return false
    return readDeclaredBody(
      request,
      Number(contentLength),
      (bytes) => {
        const asked = () => ({ authorization, body: decodeText(bytes) })
        if (!respond(route, response, begun, asked)) handOn(request, response, bytes, goOn)
      },
      () => goOn(request, response),
    )
  }
}

/** In the order, and in the letters, in which the app's headers are sent. */
function headersOf(issuer: string): readonly string[] {
  const named = [...apiHeaders(issuer), ["Content-Type", "application/json"] as const]
  return named
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flat()
}

function answerOf(route: HotRoute, asked: () => HotRequest): HotAnswer | null {
  try {
    return route.answer(asked())
  } catch {
    // The app's route meets the same failure, and answers it.
    return null
  }
}

/** Hands a request on whose body has been read: `@hono/node-server` takes it from `rawBody`. */
function handOn(
  request: IncomingMessage,
  response: ServerResponse,
  rawBody: Buffer,
  goOn: RequestHandler,
): void {
  goOn(Object.assign(request, { rawBody }), response)
}
