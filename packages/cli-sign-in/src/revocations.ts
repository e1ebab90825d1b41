import { DEFAULT_EXPIRES_IN_SECONDS } from "@authchemy/protocol"
import type { CredentialStore, PendingRevocation } from "./credentials/credentials.ts"
import { askToEnd, LOGOUT_TIMEOUT_MS } from "./logout.ts"

const AT_ONCE = 4

/**
 * Tries every pending revocation once, at most four at a time and 2.5 s each, and forgets those that the server confirms (also
 * where nothing was left to end) and those whose session has expired by now; those that may still be needed are left. Several processes may do so at once.
 * Never throws: what could not be read, sent or written counts as remaining.
 *
 * @param options.signal ends the requests that are under way; they remain pending
 * @returns how many sessions the server confirmed as over, and how many revocations are still pending
 */
export async function retryPendingRevocations(options: {
  store: CredentialStore
  fetch?: typeof fetch
  now?: () => number
  signal?: AbortSignal
}): Promise<{ confirmed: number; remaining: number }> {
  const { store, fetch: send = fetch, now = Date.now, signal } = options
  const pending = await store.pendingRevocations().catch(() => [])
  if (pending.length === 0) return { confirmed: 0, remaining: 0 }

  const expired = pending.filter((revocation) => expiryOf(revocation) <= now())
  const confirmed: PendingRevocation[] = []
  const isDue = ({ notBefore }: PendingRevocation) => !(Date.parse(notBefore ?? "") > now())
  const waiting = pending.filter((revocation) => !expired.includes(revocation) && isDue(revocation)).values()
  const work = async () => {
    for (const revocation of waiting) {
      if (signal?.aborted) return
      const { handle, server } = revocation
      const answer = await askToEnd({
        server,
        credential: { handle },
        timeoutMs: LOGOUT_TIMEOUT_MS,
        fetch: send,
        signal,
      })
      if (answer.result === "revoked" || answer.result === "nothing_left") confirmed.push(revocation)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))

  const done = [...expired, ...confirmed]
  try {
    if (done.length > 0) await store.forgetPendingRevocations(done.map(({ handle }) => handle))
  } catch {
    return { confirmed: confirmed.length, remaining: pending.length }
  }
  return { confirmed: confirmed.length, remaining: pending.length - done.length }
}

/** Milliseconds since the epoch. No session outlives 90 days, so one whose expiry is not known is over by then. */
function expiryOf({ expiresAt, since }: PendingRevocation): number {
  const expiry = Date.parse(expiresAt ?? "")
  if (!Number.isNaN(expiry)) return expiry
  const noted = Date.parse(since)
  return Number.isNaN(noted) ? Number.POSITIVE_INFINITY : noted + DEFAULT_EXPIRES_IN_SECONDS * 1000
}
