import { CLI_LOGOUT_PATH, CliLogoutResponse, revocationHandleOf } from "@authchemy/protocol"
import * as v from "valibot"
import type { Credential, CredentialStore, PendingRevocation } from "./credentials/credentials.ts"
import { SignInError } from "./errors.ts"
import { isRedirect, post, RequestError } from "./http.ts"
import { parseServerUrl } from "./server-url.ts"

/** What became of a session on the server. */
export type LogoutOutcome =
  | { server: "revoked" }
  | { server: "already_ended" }
  /** The credential is erased here; its revocation handle is kept and tried again. `reason` is one phrase for people. */
  | { server: "pending"; reason: string }
  | { server: "none" }

/** How long a server may take to end a session, in milliseconds, from the first packet to the last. */
export const LOGOUT_TIMEOUT_MS = 2_500

type Ending = {
  store: CredentialStore
  /** Used where the credential does not name its server. */
  authUrl: string
  /** Milliseconds in all; 2,500 where left out. */
  timeoutMs?: number
  fetch?: typeof fetch
  now?: () => number
}

/**
 * Signs out: the server first (2.5 s in all, one try), then the credential is erased here, always, in one step with noting the
 * revocation handle where the server did not confirm. The token goes to the server that issued it and nowhere else, over
 * https unless loopback.
 *
 * Never throws for what the server does; an error of `store` is passed on.
 */
export async function logOut(options: Ending): Promise<LogoutOutcome> {
  const credential = await options.store.load()
  if (credential === null) return { server: "none" }
  const { outcome, pending } = await end(credential, options)
  await options.store.clear(credential.token, pending)
  return outcome
}

/**
 * Ends one session on the server without touching the credential that is stored (for the old session after a new sign-in).
 * Where the server does not confirm, the revocation handle is noted in `store`.
 */
export async function endSession(options: Ending & { credential: Credential }): Promise<LogoutOutcome> {
  const { outcome, pending } = await end(options.credential, options)
  if (pending !== undefined) await options.store.addPendingRevocation(pending)
  return outcome
}

async function end(
  credential: Credential,
  options: Omit<Ending, "store">,
): Promise<{ outcome: LogoutOutcome; pending?: PendingRevocation }> {
  const { authUrl, timeoutMs = LOGOUT_TIMEOUT_MS, fetch: send = fetch, now = Date.now } = options
  const server = credential.server ?? authUrl
  const answer = await askToEnd({ server, credential: { token: credential.token }, timeoutMs, fetch: send })
  if (answer.result !== "unconfirmed") {
    return { outcome: { server: answer.result === "already_ended" ? "already_ended" : "revoked" } }
  }
  const handle = revocationHandleOf(credential.token)
  if (handle === null) {
    const reason = `${answer.reason}; a token of this form cannot be kept for a later try`
    return { outcome: { server: "pending", reason } }
  }
  const since = new Date(now()).toISOString()
  return {
    outcome: { server: "pending", reason: answer.reason },
    pending: { handle, server: server.replace(/\/+$/, ""), expiresAt: credential.expiresAt, since },
  }
}

/** What `POST /api/cli/logout` came to. `nothing_left`: the handle was good and its session is over already. */
export type EndAnswer =
  | { result: "revoked" | "nothing_left" | "already_ended" }
  | { result: "unconfirmed"; reason: string }

/** Sends one `POST /api/cli/logout`, with the token or with its revocation handle, and judges the answer. Never throws. */
export async function askToEnd(request: {
  server: string
  credential: { token: string } | { handle: string }
  timeoutMs: number
  fetch: typeof fetch
  signal?: AbortSignal | undefined
}): Promise<EndAnswer> {
  const { credential, timeoutMs, fetch: send, signal } = request
  try {
    const answer = await post({
      url: `${parseServerUrl(request.server)}${CLI_LOGOUT_PATH}`,
      ...("token" in credential
        ? { headers: { authorization: `Bearer ${credential.token}` } }
        : { json: { revocation_handle: credential.handle } }),
      timeoutMs,
      fetch: send,
      signal,
    })
    return judge(answer.status, answer.body)
  } catch (error) {
    return { result: "unconfirmed", reason: reasonOf(error) }
  }
}

function judge(status: number, body: string): EndAnswer {
  if (status === 401) return { result: "already_ended" }
  if (isRedirect(status)) {
    return { result: "unconfirmed", reason: "the server answered with a redirect, which is not followed" }
  }
  if (status !== 200) return { result: "unconfirmed", reason: `the server answered ${status}` }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), CliLogoutResponse), body)
  if (!parsed.success) {
    return { result: "unconfirmed", reason: "the server's answer was not that of an Authchemy server" }
  }
  return { result: parsed.output.revoked ? "revoked" : "nothing_left" }
}

function reasonOf(error: unknown): string {
  if (error instanceof RequestError) return error.reason
  if (error instanceof SignInError) return "its URL is not https"
  return "the request could not be sent"
}
