import type { IncomingMessage, ServerResponse } from "node:http"
import type { Scope } from "@authchemy/protocol"
import type { Session } from "../token-service.ts"
import type { Verifier } from "../verifier.ts"
import { createGuard as createNodeGuard } from "./node-http.ts"
import { createSessionNotes } from "./session-notes.ts"

/** A guard for Express 5, whose requests and responses are those of `node:http`. */
export type ExpressGuard = {
  /** Middleware that lets a request through whose bearer token has all of these scopes, and answers every other one. */
  requireToken(
    ...scopes: Scope[]
  ): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void
  /** The session of a request that was let through. @throws Error where `requireToken` does not stand in front */
  sessionOf(request: IncomingMessage): Session
}

/** `judge.ts` says how requests are answered that are not let through. */
export function createGuard(verifier: Pick<Verifier, "verify">): ExpressGuard {
  const guard = createNodeGuard(verifier)
  const notes = createSessionNotes<IncomingMessage>()
  return {
    requireToken:
      (...scopes) =>
      (request, response, next) => {
        guard(request, response, scopes).then((session) => {
          if (session === null) return
          notes.note(request, session)
          next()
        }, next)
      },
    sessionOf: notes.sessionOf,
  }
}
