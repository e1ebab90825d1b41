import { CLI_LOGOUT_PATH, CliErrorResponse, CliLogoutResponse, WIRE_ERRORS } from "@authchemy/protocol"
import * as v from "valibot"
import type { CredentialStore, PendingRevocation, StoredSignIn } from "./credentials/credentials.ts"
import { KeychainError } from "./credentials/keychain.ts"
import { SignInError } from "./errors.ts"
import { type Answer, isRedirect, post, RequestError } from "./http.ts"
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
/** How long a keychain may take at least to remove the token, in milliseconds. */
const KEYCHAIN_WAIT_MS = 500

type Ending = {
  store: CredentialStore
  /** Used where the credential does not name its server. */
  authUrl: string
  /** Milliseconds in all; 2,500 where left out. */
  timeoutMs?: number
  fetch?: typeof fetch
  now?: () => number
  /** Ends the wait for the server; the session is pending then. */
  signal?: AbortSignal
}

/**
 * Signs out: the server first (2.5 s in all, one try), then the credential is erased here, always, in one step with noting the
 * revocation handle where the server did not confirm. What is sent goes to the server that issued the token and nowhere else, over
 * https unless loopback. A token in a keychain is not read for it: its revocation handle is at hand.
 *
 * Never throws for what the server or a keychain does; an error of the file is passed on.
 *
 * @returns `erased`: whether nothing of the token is left here; what a keychain kept is removed by a later call
 */
export async function logOut(options: Ending): Promise<LogoutOutcome & { erased: boolean }> {
  const { store, timeoutMs = LOGOUT_TIMEOUT_MS, now = Date.now } = options
  const began = now()
  const signIn = await store.signIn()
  if (signIn === null) return { server: "none", erased: true }
  const { outcome, pending } = await end(await endableOf(signIn, store), options)
  // What time the server has left is the keychain's.
  const waitMs = Math.max(KEYCHAIN_WAIT_MS, timeoutMs - Math.max(0, now() - began))
  const erased = await store.clear(signIn.digest, pending, waitMs)
  return { ...outcome, erased }
}

/**
 * Ends one session on the server without touching the credential that is stored (for the old session after a new sign-in).
 * Where the server does not confirm, the revocation handle is noted in `store`; where it does, it is struck out there.
 */
export async function endSession(options: Ending & { session: Endable }): Promise<LogoutOutcome> {
  const { outcome, pending } = await end(options.session, options)
  const { handle } = options.session
  if (pending !== undefined) await options.store.addPendingRevocation(pending)
  else if (handle !== null) await options.store.forgetPendingRevocations([handle])
  return outcome
}

/** A session that can be ended, by its token or by its revocation handle. */
type Endable = {
  token: string | null
  handle: string | null
  server: string | null
  expiresAt: string | null
}

async function endableOf(signIn: StoredSignIn, store: CredentialStore): Promise<Endable> {
  const { handle, server, expiresAt } = signIn
  const unread = signIn.keptIn === "keychain" && handle !== null
  const credential = unread ? null : await store.load().catch(ifNotKeychain)
  return { token: credential?.token ?? null, handle, server, expiresAt }
}

function ifNotKeychain(error: unknown): null {
  if (error instanceof KeychainError) return null
  throw error
}

async function end(
  session: Endable,
  options: Omit<Ending, "store">,
): Promise<{ outcome: LogoutOutcome; pending?: PendingRevocation }> {
  const { authUrl, timeoutMs = LOGOUT_TIMEOUT_MS, fetch: send = fetch, now = Date.now, signal } = options
  const { token, handle, expiresAt } = session
  const server = session.server ?? authUrl
  const credential = token !== null ? { token } : handle !== null ? { handle } : null
  const answer: EndAnswer =
    credential === null
      ? { result: "unconfirmed", reason: "the token could not be read from the keychain" }
      : await askToEnd({ server, credential, timeoutMs, fetch: send, signal })
  if (answer.result === "revoked") return { outcome: { server: "revoked" } }
  if (answer.result !== "unconfirmed") return { outcome: { server: "already_ended" } }
  if (handle === null) {
    const reason = `${answer.reason}; a token of this form cannot be kept for a later try`
    return { outcome: { server: "pending", reason } }
  }
  const since = new Date(now()).toISOString()
  return {
    outcome: { server: "pending", reason: answer.reason },
    pending: { handle, server: server.replace(/\/+$/, ""), expiresAt, since },
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
    return judge(answer, "token" in credential)
  } catch (error) {
    return { result: "unconfirmed", reason: reasonOf(error) }
  }
}

/** @param byToken a token that is known no more is 401; a handle is 200 always, so a 401 comes from something that does not know it */
function judge({ status, body }: Answer, byToken: boolean): EndAnswer {
  if (status === 401 && byToken && saysInvalidToken(body)) return { result: "already_ended" }
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

/** Not every 401 is about the token: a gateway asks for a password of its own. */
function saysInvalidToken(body: string): boolean {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), CliErrorResponse), body)
  return parsed.success && parsed.output.error === WIRE_ERRORS.invalidToken
}

function reasonOf(error: unknown): string {
  if (error instanceof RequestError) return error.reason
  if (error instanceof SignInError) return "its URL is not https"
  return "the request could not be sent"
}
