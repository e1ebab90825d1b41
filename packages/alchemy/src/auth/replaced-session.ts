import { type Credential, endSession, type LoginResult } from "@authchemy/cli-sign-in"
import { revocationHandleOf } from "@authchemy/protocol"
import type { CommandContext } from "../command.ts"
import type { ConfigFile } from "../config/file.ts"
import type { Settings } from "../config/settings.ts"
import { CLIError } from "../errors.ts"
import { ASK_TIMEOUT_MS, askServer } from "./ask-server.ts"
import { hasPassed } from "./resolve-auth-token.ts"

/**
 * What becomes of the session whose credential a new sign-in has replaced: it is ended once the new token has answered
 * `/v1/me`. Where the server refuses the new token, the old credential is put back and the new session ended; where it does not answer, the old
 * session is postponed as a pending revocation, so that it is never forgotten.
 *
 * @throws CLIError `ADMIN_API_ERROR` where the new token is refused
 */
export async function endReplacedSession(
  replaced: Credential,
  login: LoginResult,
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<void> {
  if (hasPassed(replaced.expiresAt, context.now()) || replaced.token === login.credential.token) return
  const question = { token: login.credential.token, origin: "config file", timeoutMs: ASK_TIMEOUT_MS }
  const answer = await askServer(question, settings, context)
  const { fetch, now } = context
  const { store } = config
  const end = (credential: Credential) =>
    endSession({ store, credential, authUrl: settings.authUrl, fetch, now })
  if (answer.says === "refused") {
    await store.save(replaced)
    await end(login.credential)
    throw new CLIError(
      "ADMIN_API_ERROR",
      "The server refuses the token that it has just issued; the earlier sign-in was kept.",
      {
        hint: "Check that ALCHEMY_AUTH_URL and ALCHEMY_ADMIN_API_BASE_URL belong to the same service.",
      },
    )
  }
  if (answer.says === "accepted") {
    const outcome = await end(replaced)
    if (outcome.server === "pending") {
      context.report.warning(
        `The earlier session could not be ended yet (${outcome.reason}); it will be as soon as it can be.`,
      )
    }
    return
  }
  const handle = revocationHandleOf(replaced.token)
  if (handle !== null) {
    await store.addPendingRevocation({
      handle,
      server: replaced.server ?? settings.authUrl,
      expiresAt: replaced.expiresAt,
      since: new Date(now()).toISOString(),
    })
  }
  context.report.warning(
    `The new sign-in could not be confirmed (${answer.reason}). The earlier session will be ended by a later command.`,
  )
}
