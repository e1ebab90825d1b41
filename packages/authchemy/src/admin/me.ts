import type { Me } from "@authchemy/protocol"
import type { Handler } from "hono"
import { createAnswersOfSessions, type HotRoute } from "../hot-routes.ts"
import { accessKeyResource } from "./access-key-routes.ts"
import { type AdminEnv, type Caller, type HeldDeps, heldCaller, requireScope } from "./authenticate.ts"
import { sessionResource } from "./session-routes.ts"

/** The scope that `GET /v1/me` needs. */
export const ME_SCOPE = "account:read"

/** `GET /v1/me`: the account, and what the call was made with. */
export const showMe: Handler<AdminEnv> = (c) => c.json({ data: describeCaller(c.get("caller")) })

/** The same, of what is in memory. */
export function showHeldMe(deps: HeldDeps): HotRoute["answer"] {
  const answers = createAnswersOfSessions()
  return ({ authorization }) => {
    const caller = authorization === null ? null : heldCaller(deps, authorization)
    if (caller?.credential.type !== "session") return null
    requireScope(caller, ME_SCOPE)
    return answers.of(caller.credential.session, caller.account, () => ({ data: describeCaller(caller) }))
  }
}

function describeCaller(caller: Caller): Me {
  const { account, credential } = caller
  return {
    account: { id: account.id, email: account.email, name: account.name },
    credential:
      credential.type === "session"
        ? { type: "session", session: sessionResource(credential.session, caller) }
        : { type: "access_key", accessKey: accessKeyResource(credential.accessKey) },
  }
}
