import {
  CLI_TOKEN_PATH,
  CliTokenResponse,
  DEFAULT_EXPIRES_IN_SECONDS,
  revocationHandleOf,
} from "@authchemy/protocol"
import * as v from "valibot"
import type { CredentialStore } from "./credentials/credentials.ts"
import type { UnfinishedSignIn } from "./credentials/unfinished-sign-in.ts"
import { pollForToken } from "./device-endpoints.ts"
import { SignInError } from "./errors.ts"
import { post } from "./http.ts"
import { askToEnd, LOGOUT_TIMEOUT_MS } from "./logout.ts"
import { parseServerUrl } from "./server-url.ts"

/** How long a server surely knows a code after it was used or has expired, in milliseconds; later it cannot tell what became of it. */
const REMEMBERED_MS = 10 * 60_000

type Outcome =
  | { end: "nothing_left" }
  | { end: "token"; token: string; expiresAt: string | null }
  | { end: "lost" | "open" }

/**
 * Sees to sign-ins whose process was killed before it had stored the token: redeems once more what was about to be
 * redeemed. A server ends the session that it gave for a code which its owner redeems again (protocol.md), and a token
 * that is given now is ended at once. What cannot be told any more is marked as lost, and dropped when no session can be
 * left. The caller holds the sign-in lock, so that nobody is in the middle of one. Never throws.
 *
 * @returns how many were seen to, and how many remain, those that are lost included
 */
export async function endUnfinishedSignIns(options: {
  store: CredentialStore
  fetch?: typeof fetch
  now?: () => number
  signal?: AbortSignal
}): Promise<{ ended: number; remaining: number }> {
  const { store, fetch: send = fetch, now = Date.now, signal } = options
  const unfinished = await store.unfinishedSignIns().catch(() => [])
  let ended = 0
  for (const one of unfinished) {
    if (signal?.aborted) break
    try {
      if (await seeTo(one, { store, fetch: send, now, signal })) ended++
    } catch {
      // It stays, for a later call.
    }
  }
  return { ended, remaining: unfinished.length - ended }
}

type Means = {
  store: CredentialStore
  fetch: typeof fetch
  now: () => number
  signal: AbortSignal | undefined
}

/** Whether it is over. */
async function seeTo(one: UnfinishedSignIn, means: Means): Promise<boolean> {
  const { store, fetch: send, now, signal } = means
  const age = now() - Date.parse(one.since)
  const isOver = async () => {
    await store.forgetUnfinishedSignIn(one.id)
    return true
  }
  if (!(age < DEFAULT_EXPIRES_IN_SECONDS * 1000)) return isOver()
  if (one.lost) return false
  if (one.kind === "device" && one.handedOut !== undefined) {
    if (!(now() > Date.parse(one.expiresAt))) return false
    if (!one.asked) return isOver()
  }
  const outcome = one.kind === "code" ? await redeemAgain(one, age, means) : await pollAgain(one, means)
  if (outcome.end === "open") return false
  if (outcome.end === "lost") {
    await store.noteUnfinishedSignIn({ ...one, lost: true })
    return false
  }
  if (outcome.end === "token") {
    const { token, expiresAt } = outcome
    const { server } = one
    const handle = revocationHandleOf(token)
    // Noted first: we may be killed, too.
    const since = new Date(now()).toISOString()
    if (handle !== null) await store.addPendingRevocation({ handle, server, expiresAt, since })
    const answer = await askToEnd({
      server,
      credential: { token },
      timeoutMs: LOGOUT_TIMEOUT_MS,
      fetch: send,
      signal,
    })
    if (answer.result !== "unconfirmed" && handle !== null) await store.forgetPendingRevocations([handle])
  }
  return isOver()
}

async function redeemAgain(
  { server, code, redirectUri, codeVerifier }: Extract<UnfinishedSignIn, { kind: "code" }>,
  age: number,
  { fetch: send, signal }: Means,
): Promise<Outcome> {
  if (age > REMEMBERED_MS) return { end: "lost" }
  const { status, body } = await post({
    url: `${parseServerUrl(server)}${CLI_TOKEN_PATH}`,
    json: { code, redirect_uri: redirectUri, code_verifier: codeVerifier },
    timeoutMs: LOGOUT_TIMEOUT_MS,
    fetch: send,
    signal,
  })
  if (status === 400) return { end: "nothing_left" }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), CliTokenResponse), body)
  if (status !== 200 || !parsed.success) return { end: "open" }
  return { end: "token", token: parsed.output.authToken, expiresAt: parsed.output.expiresAt }
}

async function pollAgain(
  one: Extract<UnfinishedSignIn, { kind: "device" }>,
  { fetch: send, now, signal }: Means,
): Promise<Outcome> {
  const { server, deviceCode, codeVerifier } = one
  const late = now() - Date.parse(one.expiresAt)
  if (late > REMEMBERED_MS) return { end: "lost" }
  try {
    // Whoever wants to sign in meanwhile waits for us.
    const transport = { server: parseServerUrl(server), fetch: send, signal, timeoutMs: LOGOUT_TIMEOUT_MS }
    const polled = await pollForToken(
      { deviceCode, codeVerifier, expiresInSeconds: undefined, now },
      transport,
    )
    if (polled.answer === "login") {
      const { token, expiresAt } = polled.login.credential
      return { end: "token", token, expiresAt }
    }
    return { end: "open" }
  } catch (error) {
    if (!(error instanceof SignInError)) throw error
    if (error.details?.error === "invalid_grant") return { end: "lost" }
    return error.code === "denied" || error.code === "timeout" ? { end: "nothing_left" } : { end: "open" }
  }
}
