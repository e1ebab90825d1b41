import { LOGIN_PATH } from "@authchemy/protocol"
import type { Handler } from "hono"
import { ALCHEMY_CLI } from "../clients/client.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { type ApprovalDeps, askForApproval } from "./approval.ts"
import { parseLoginRequest } from "./login-request.ts"

/** `GET /login`: checks the request of a command-line program, has the person sign in, and asks for approval. */
export function showLogin(deps: ApprovalDeps & { allowCodeWithoutPkce: boolean }): Handler<AppEnv> {
  return async (c) => {
    const request = parseLoginRequest(new URL(c.req.url).search.slice(1), deps)
    return askForApproval(c, deps, LOGIN_PATH, ALCHEMY_CLI, request)
  }
}
