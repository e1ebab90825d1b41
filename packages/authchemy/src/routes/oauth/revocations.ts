import { isFollowerOf, REVOCATION_ITEMS_PER_ANSWER, type RevocationRenewal } from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import type { Context, Handler } from "hono"
import type { Clients } from "../../clients/clients.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { invalidRequest } from "../parameters.ts"
import { refuseCredentialsInQuery } from "../query-credentials.ts"
import { requireClient } from "./client-authentication.ts"
import { createFollowerLimit } from "./follower-limit.ts"
import { requireResourceServer } from "./introspect.ts"
import { parseOAuthForm, readOAuthForm } from "./oauth-form.ts"
import { createRevocationStreams } from "./revocation-streams.ts"

type RevocationsDeps = { tokens: Pick<TokenService, "relay" | "announce" | "onForgotten">; clients: Clients }

/**
 * `POST /oauth/revocations`: an API server that verifies from memory renews its right to do so, and is told what came after the number that it has acknowledged. It becomes a follower of
 * the store itself, so any server may answer any of its requests, and each sign-out waits for it. `acknowledged` left out: it holds nothing; `leave=true`: it holds nothing any more.
 */
export function renewFollower(deps: RevocationsDeps): Handler<AppEnv> {
  const { relay } = deps.tokens
  const limit = createFollowerLimit(deps.tokens)
  return async (c) => {
    const form = await readOAuthForm(c.req.raw)
    const client = await requireClient(c.req.raw, form, deps.clients)
    requireResourceServer(client)
    const follower = form.require("follower")
    if (!isFollowerOf(client.id, follower)) {
      throw invalidRequest("follower must be the client id, a colon and 22 characters of base64url.")
    }
    if (form.get("leave") === "true") {
      await relay.leave(follower)
      return c.json({})
    }
    const acknowledged = numberIn(form.get("acknowledged"))
    await limit.admit(client.id, follower)
    return c.json(bounded(await relay.renew(follower, acknowledged)))
  }
}

/**
 * `GET /oauth/revocations`: what `POST` would tell, as it happens (`text/event-stream`). It is a hint: nobody relies on it, and it says nothing about what happened before it was opened. It ends when
 * the server stops, and when the client does not read.
 */
export function streamRevocations(deps: RevocationsDeps): Handler<AppEnv> {
  const streams = createRevocationStreams(deps.tokens)
  return async (c) => {
    refuseCredentialsInQuery(c.req.url)
    const client = await requireClient(c.req.raw, parseOAuthForm(""), deps.clients)
    requireResourceServer(client)
    const body = streams.open(client.id, isServing(c))
    return c.body(body, 200, {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store",
      // nginx holds answers back unless told otherwise.
      "X-Accel-Buffering": "no",
    })
  }
}

/** @throws RequestRefused 400 */
function numberIn(text: string | undefined): number | null {
  if (text === undefined) return null
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw invalidRequest("acknowledged must be a number of the feed.")
}

/** As many entries as an answer holds. Where not even one fits, there is a gap: whoever is told so forgets everything. */
function bounded({
  epoch,
  last,
  entries,
  leaseMs,
}: Awaited<ReturnType<RevocationsDeps["tokens"]["relay"]["renew"]>>): RevocationRenewal {
  const lease = leaseMs === undefined ? {} : { lease_ms: leaseMs }
  if (entries === null || entries.length === 0) return { epoch, last, entries: entries && [], ...lease }
  let items = 0
  const told = []
  for (const entry of entries) {
    items += entry.items.length
    if (items > REVOCATION_ITEMS_PER_ANSWER) break
    told.push({ number: entry.number, items: [...entry.items] })
  }
  return { epoch, last, entries: told.length === 0 ? null : told, ...lease }
}

/** Tells whether the server that a request came to still listens: an answer that has no end would hold up its stop. Without a listener there is none to stop. */
function isServing(c: Context<AppEnv>): () => boolean {
  const bindings: unknown = c.env
  if (typeof bindings !== "object" || bindings === null || !("incoming" in bindings)) return () => true
  const { incoming } = bindings as { incoming: { socket?: { server?: { listening?: boolean } } } }
  return () => incoming.socket?.server?.listening !== false
}
