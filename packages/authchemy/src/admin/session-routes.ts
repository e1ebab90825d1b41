import type { Session as SessionResource, SessionsEnded } from "@authchemy/protocol"
import type { Session, TokenService } from "@authchemy/tokens"
import type { Handler } from "hono"
import type { AdminEnv, Caller } from "./authenticate.ts"
import { notFound, readQuery, refusedField } from "./query.ts"

/** `GET /v1/sessions` */
export function listSessions(tokens: TokenService): Handler<AdminEnv> {
  return async (c) => {
    const caller = c.get("caller")
    const sessions = await tokens.listSessions(caller.account.id)
    return c.json({ data: { sessions: sessions.map((session) => sessionResource(session, caller)) } })
  }
}

/** `DELETE /v1/sessions/:id` */
export function endSession(tokens: TokenService): Handler<AdminEnv> {
  return async (c) => {
    const ended = await tokens.revokeSession(c.get("caller").account.id, c.req.param("id") ?? "")
    if (!ended) throw notFound("session")
    return c.json({ data: { ended: 1 } satisfies SessionsEnded })
  }
}

/** `DELETE /v1/sessions`: all of them; `?others=true`: all but the caller's. An access key has none, so for it the two are the same. */
export function endSessions(tokens: TokenService): Handler<AdminEnv> {
  return async (c) => {
    const { others = "false" } = readQuery(c.req.url, ["others"])
    if (others !== "true" && others !== "false") throw refusedField("others", "must be true or false")
    const { account, credential } = c.get("caller")
    const spared = others === "true" && credential.type === "session" ? credential.session.id : undefined
    const ended = await tokens.revokeSessions(
      account.id,
      spared === undefined ? undefined : { sessionId: spared },
    )
    return c.json({ data: { ended } satisfies SessionsEnded })
  }
}

/** A session as it travels. */
export function sessionResource(session: Session, { credential }: Caller): SessionResource {
  return {
    id: session.id,
    device: session.device,
    createdAt: new Date(session.createdAt).toISOString(),
    lastUsedAt: new Date(session.lastUsedAt).toISOString(),
    expiresAt: new Date(session.expiresAt).toISOString(),
    current: credential.type === "session" && credential.session.id === session.id,
  }
}
