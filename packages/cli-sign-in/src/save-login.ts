import { revocationHandleOf } from "@authchemy/protocol"
import { SignInError } from "./errors.ts"
import type { LoginOptions, LoginResult } from "./login.ts"
import { askToEnd, LOGOUT_TIMEOUT_MS } from "./logout.ts"

/**
 * Has the credential saved. Where that fails, its session is ended on the server: one that nobody can use or
 * end must not stay behind. Where the server does not confirm, what can end it is noted, or else the note of the sign-in
 * stays.
 *
 * @param server the auth URL without a trailing slash
 * @throws SignInError `storage`; `aborted` as `save` throws it, where another flow was quicker
 */
export async function saveLogin(
  login: LoginResult,
  server: string,
  {
    save,
    notes,
    fetch: send = fetch,
    now = Date.now,
  }: Pick<LoginOptions, "save" | "fetch" | "notes" | "now">,
): Promise<void> {
  try {
    await save(login)
  } catch (cause) {
    const { token, expiresAt } = login.credential
    const ended = await askToEnd({
      server,
      credential: { token },
      timeoutMs: LOGOUT_TIMEOUT_MS,
      fetch: send,
    })
    const handle = revocationHandleOf(token)
    try {
      if (ended.result !== "unconfirmed") await notes?.forget(login.attemptId)
      else if (handle !== null && notes?.owe !== undefined) {
        await notes.owe({ handle, server, expiresAt, since: new Date(now()).toISOString() })
        await notes.forget(login.attemptId)
      }
    } catch {
      // Where nothing can be saved, this cannot either, and the note that is there already will do.
    }
    if (cause instanceof SignInError && cause.code === "aborted") throw cause
    throw new SignInError("storage", "The credential could not be saved.", { cause })
  }
}
