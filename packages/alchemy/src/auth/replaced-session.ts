import {
  type Credential,
  type CredentialStore,
  endSession,
  KeychainError,
  type LoginResult,
  type PendingRevocation,
  type StoredSignIn,
} from "@authchemy/cli-sign-in"
import { revocationHandleOf } from "@authchemy/protocol"
import type { CommandContext } from "../command.ts"
import type { ConfigFile } from "../config/file.ts"
import type { Settings } from "../config/settings.ts"
import { CLIError } from "../errors.ts"
import { ASK_TIMEOUT_MS, askServer } from "./ask-server.ts"
import { hasPassed, originOf } from "./resolve-auth-token.ts"

/** For how long nobody ends the old session on our behalf: until then the new one may still be refused, in milliseconds. */
const UNTIL_CONFIRMED_MS = 60_000

/** The sign-in that a new one is about to replace. */
export type Replaced = {
  signIn: StoredSignIn
  /** `null` where it cannot be read. */
  credential: Credential | null
}

/** The sign-in that is stored now, as far as it can be read; `null` where there is none. */
export async function toBeReplaced(store: CredentialStore): Promise<Replaced | null> {
  const signIn = await store.signIn()
  return signIn === null ? null : { signIn, credential: await store.load().catch(() => null) }
}

/** What is stored together with the new credential, so that the old session is not forgotten should this process die; `null` where there is none. */
export function supersededBy(
  replaced: Replaced | null,
  settings: Settings,
  context: CommandContext,
): PendingRevocation | null {
  if (replaced === null || hasPassed(replaced.signIn.expiresAt, context.serverNow())) return null
  const { handle, expiresAt, server } = replaced.signIn
  if (handle === null) return null
  return {
    handle,
    server: server ?? settings.authUrl,
    expiresAt,
    since: new Date(context.serverNow()).toISOString(),
    notBefore: new Date(context.serverNow() + UNTIL_CONFIRMED_MS).toISOString(),
  }
}

/**
 * What becomes of the session whose credential a new sign-in has replaced: it is ended once the new token has answered
 * `/v1/me`. Where the server refuses the new token, the old credential is put back and the new session ended; where it does not answer, the old
 * session stays a pending revocation, so that it is never forgotten.
 *
 * @throws CLIError `ADMIN_API_ERROR` where the new token is refused
 */
export async function endReplacedSession(
  replaced: Replaced,
  login: LoginResult,
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<void> {
  const { handle, expiresAt, server, keptIn } = replaced.signIn
  const { token } = login.credential
  if (hasPassed(expiresAt, context.serverNow())) return
  const question = { token, origin: originOf(keptIn), timeoutMs: ASK_TIMEOUT_MS }
  const answer = await askServer(question, settings, context)
  const { fetch, serverNow: now } = context
  const { store } = config
  const end = (session: Parameters<typeof endSession>[0]["session"]) =>
    endSession({ store, session, authUrl: settings.authUrl, fetch, now })
  const old = { token: replaced.credential?.token ?? null, handle, server, expiresAt }
  if (answer.says === "refused") {
    await end({ ...login.credential, handle: revocationHandleOf(token) })
    const isKept =
      replaced.credential !== null && (await putBack(replaced.signIn, replaced.credential, store))
    if (isKept && handle !== null) await store.forgetPendingRevocations([handle])
    const kept = isKept ? "; the earlier sign-in was kept" : ""
    throw new CLIError("ADMIN_API_ERROR", `The server refuses the token that it has just issued${kept}.`, {
      hint: "Check that ALCHEMY_AUTH_URL and ALCHEMY_ADMIN_API_BASE_URL belong to the same service.",
    })
  }
  if (answer.says === "accepted") {
    const outcome = await end(old)
    if (outcome.server === "pending") {
      context.report.warning(
        `The earlier session could not be ended yet (${outcome.reason}); it will be as soon as it can be.`,
      )
      context.runDetached(["auth", "deliver"])
    }
    return
  }
  const due = supersededBy(replaced, settings, context)
  if (due !== null) {
    const { notBefore: _, ...pending } = due
    await store.addPendingRevocation(pending)
  }
  const then =
    due === null
      ? `It can be ended at ${server ?? settings.authUrl}/sessions.`
      : "It will be ended by a later command."
  context.report.warning(
    `The new sign-in could not be confirmed (${answer.reason}), so the earlier session goes on. ${then}`,
  )
}

/** Whether it could be; a keychain may have gone since. */
async function putBack(
  { account }: StoredSignIn,
  credential: Credential,
  store: CredentialStore,
): Promise<boolean> {
  try {
    await store.save(credential, account === null ? {} : { account })
    return true
  } catch (error) {
    if (error instanceof KeychainError) return false
    throw error
  }
}
