import type { Me } from "@authchemy/protocol"
import type { Handler } from "hono"
import { accessKeyResource } from "./access-key-routes.ts"
import type { AdminEnv } from "./authenticate.ts"
import { sessionResource } from "./session-routes.ts"

/** `GET /v1/me`: the account, and what the call was made with. */
export const showMe: Handler<AdminEnv> = (c) => {
  const caller = c.get("caller")
  const { account, credential } = caller
  const data: Me = {
    account: { id: account.id, email: account.email, name: account.name },
    credential:
      credential.type === "session"
        ? { type: "session", session: sessionResource(credential.session, caller) }
        : { type: "access_key", accessKey: accessKeyResource(credential.accessKey) },
  }
  return c.json({ data })
}
