import { setTimeout as pause } from "node:timers/promises"
import {
  MAX_REVOCATION_EVENT_BYTES,
  OAUTH_PATHS,
  parseRevocationNews,
  parseRevocationRenewal,
} from "@authchemy/protocol"
import type { FeedNews, FollowerTransport } from "../revocation/feed-transport.ts"
import { LEASE_MS } from "../revocation/lease.ts"
import { type AuthorizationServer, malformed } from "./authorization-server.ts"
import { createEventReader } from "./event-stream.ts"

/** How long a renewal may take, in milliseconds: one that took longer than a lease gives none, but it still acknowledges. */
const RENEWAL_LIMIT_MS = 2 * LEASE_MS
/** A stream that has been silent for so long is given up; the server says something every 100 ms. */
const SILENCE_MS = 1_000
/** How long it is waited before the stream is opened anew. */
const REOPEN_MS = 1_000

/**
 * The feed, as the authorization server passes it on. A renewal is one request, and what counts for the lease is when it was sent; the stream only spares waiting for the next
 * one. Which of several servers answers makes no difference: none of them keeps anything about a follower.
 * @param options.issuer for messages
 */
export function createHttpFeed(options: { server: AuthorizationServer; issuer: string }): FollowerTransport {
  const { server, issuer } = options
  const closing = new AbortController()
  let tell = (_news: FeedNews) => {}
  let listening: Promise<void> | null = null

  /** One stream, until it ends or falls silent. */
  const hear = async () => {
    const silent = new AbortController()
    const silence = setTimeout(() => silent.abort(), SILENCE_MS).unref()
    try {
      const signal = AbortSignal.any([closing.signal, silent.signal])
      const body = await server.openEvents(OAUTH_PATHS.revocations, signal)
      const read = createEventReader((event) => {
        const news = parseRevocationNews(event)
        if (news === null) return
        // The stream may be another server's than the one that renews, and that may have lost its store to a failover: its numbers are not taken for the feed's.
        const { items } = news.kind === "items" ? news : (news.entry ?? { items: [] })
        if (items.length > 0) tell({ kind: "items", items })
        if (news.kind === "appended") tell({ kind: "appended", entry: null })
      }, MAX_REVOCATION_EVENT_BYTES)
      const reader = body.getReader()
      signal.addEventListener("abort", () => void reader.cancel().catch(() => {}), { once: true })
      for (let piece = await reader.read(); !piece.done && !signal.aborted; piece = await reader.read()) {
        silence.refresh()
        read(piece.value)
      }
    } finally {
      clearTimeout(silence)
      // A stream that was given up because of what it said is still open.
      silent.abort()
    }
  }

  const keepHearing = async () => {
    while (!closing.signal.aborted) {
      // What is wrong with the server is told by the renewals.
      await hear().catch(() => {})
      await pause(REOPEN_MS, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    }
  }

  return {
    renew: async (follower, acknowledged) => {
      listening ??= keepHearing()
      const given = acknowledged === null ? {} : { acknowledged: String(acknowledged) }
      const body = await server.post(OAUTH_PATHS.revocations, { follower, ...given }, RENEWAL_LIMIT_MS)
      const renewal = parseRevocationRenewal(body)
      if (renewal === null) throw malformed(issuer, OAUTH_PATHS.revocations)
      const { epoch, last, entries, lease_ms: leaseMs = LEASE_MS } = renewal
      return { epoch, last, entries, leaseMs: Math.min(leaseMs, LEASE_MS) }
    },

    leave: async (follower) => {
      await server.post(OAUTH_PATHS.revocations, { follower, leave: "true" }, RENEWAL_LIMIT_MS)
    },

    // The servers that share the store do that. What ended in the last ten minutes is refused here in any case.
    reassert: async () => {},

    listen: async (listener) => {
      tell = listener
    },

    close: async () => {
      closing.abort()
      await listening
    },
  }
}
