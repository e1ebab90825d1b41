import type { Scope } from "@authchemy/protocol"
import type { Session } from "../token-service.ts"
import type { Verifier } from "../verifier.ts"
import { judge } from "./judge.ts"
import { createSessionNotes } from "./session-notes.ts"

/** What is used of Hono's context. */
export type HonoContext = { req: { raw: { url: string; headers: { get(name: string): string | null } } } }

/** A guard for Hono. */
export type HonoGuard = {
  /** Middleware that lets a request through whose bearer token has all of these scopes, and answers every other one. */
  requireToken(
    ...scopes: Scope[]
  ): (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined>
  /** The session of a request that was let through. @throws Error where `requireToken` does not stand in front */
  sessionOf(context: HonoContext): Session
}

/** `judge.ts` says how requests are answered that are not let through. */
export function createGuard(verifier: Pick<Verifier, "verify">): HonoGuard {
  const notes = createSessionNotes<HonoContext>()
  return {
    requireToken:
      (...scopes) =>
      async (context, next) => {
        const { url, headers } = context.req.raw
        const authorization = headers.get("authorization") ?? undefined
        const { session, refusal } = await judge(verifier, { authorization, url }, scopes)
        if (refusal !== undefined) return new Response(refusal.body, refusal)
        notes.note(context, session)
        await next()
        return undefined
      },
    sessionOf: notes.sessionOf,
  }
}
