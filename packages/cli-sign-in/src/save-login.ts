import { SignInError } from "./errors.ts"
import type { LoginOptions, LoginResult } from "./login.ts"
import { askToEnd, LOGOUT_TIMEOUT_MS } from "./logout.ts"

/**
 * Has the credential saved. Where that fails, its session is ended on the server: one that nobody can use or
 * end must not stay behind.
 *
 * @param server the auth URL without a trailing slash
 * @throws SignInError `storage`; `aborted` as `save` throws it, where another flow was quicker
 */
export async function saveLogin(
  login: LoginResult,
  server: string,
  { save, fetch: send = fetch }: Pick<LoginOptions, "save" | "fetch">,
): Promise<void> {
  try {
    await save(login)
  } catch (cause) {
    const credential = { token: login.credential.token }
    await askToEnd({ server, credential, timeoutMs: LOGOUT_TIMEOUT_MS, fetch: send })
    if (cause instanceof SignInError && cause.code === "aborted") throw cause
    throw new SignInError("storage", "The credential could not be saved.", { cause })
  }
}
