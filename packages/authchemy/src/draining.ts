import type { IncomingMessage, ServerResponse } from "node:http"
import type { HotHandler } from "./listen.ts"

type Fetch = (request: Request, bindings: object) => Response | Promise<Response>

/** What is answered before the server can. */
const notYet: Fetch = () => new Response(null, { status: 503, headers: { "Retry-After": "1" } })

/** A handler that can be told that its server is about to stop. */
export type Draining = {
  /** For the listener, both. */
  readonly fetch: Fetch
  readonly hot: HotHandler
  /** Gives the handler its answers; until then it answers 503. @param hot is asked first; nothing where left out */
  answerWith(fetch: Fetch, hot?: HotHandler): void
  /**
   * From now on every answer says `Connection: close` (RFC 9112 §9.6), those to requests under way too: a client that goes on takes a new connection,
   * and none is closed under a request that it has just sent. Only what has been idle ever since is closed by the server itself.
   */
  begin(how: { staysReady: boolean }): void
  /** Rejects where the server is no longer to be sent requests. */
  ready(): Promise<void>
}

/** Makes a handler that answers, until it is told, as it is given. */
export function createDraining(): Draining {
  let answer = notYet
  let answerHot: HotHandler = () => false
  let draining = false
  let ready = true

  const lastOf = (bindings: object) => {
    if (draining && isNode(bindings)) bindings.outgoing.shouldKeepAlive = false
  }

  return {
    fetch(request, bindings) {
      const response = answer(request, bindings)
      if (!(response instanceof Promise)) {
        lastOf(bindings)
        return response
      }
      return response.then((response) => {
        lastOf(bindings)
        return response
      })
    },
    hot(request, response, goOn) {
      if (draining) response.shouldKeepAlive = false
      return answerHot(request, response, goOn)
    },
    answerWith(fetch, hot = () => false) {
      answer = fetch
      answerHot = hot
    },
    begin({ staysReady }) {
      draining = true
      ready = staysReady
    },
    async ready() {
      if (!ready) throw new Error("the server is stopping")
    },
  }
}

function isNode(bindings: object): bindings is { incoming: IncomingMessage; outgoing: ServerResponse } {
  return "outgoing" in bindings
}
