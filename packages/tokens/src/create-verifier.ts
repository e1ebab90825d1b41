import { randomBytes as secureRandomBytes } from "node:crypto"
import { followerIdOf } from "@authchemy/protocol"
import { HELD_SESSIONS } from "./held-sessions.ts"
import { systemClock } from "./revocation/clock.ts"
import type { FollowerTransport } from "./revocation/feed-transport.ts"
import { createFollower, type FollowerStatus } from "./revocation/follower.ts"
import { createSessionVerifier, type SessionSource, type Verifications, type Verifier } from "./verifier.ts"

/** A verifier of an API server of its own. */
export type ApiVerifier = Omit<Verifier, "close"> & {
  /** Whether tokens are verified from memory at this moment. Where they are not, each is asked for: that is slower, not less safe. */
  isCurrent(): boolean
  stats(): ApiVerifierStats
  /** Stops following the revocations: nobody waits for this process any more. Afterwards it must not be asked. */
  close(): Promise<void>
}

/** Numbers for those who run an API server. */
export type ApiVerifierStats = FollowerStatus & {
  verifications: Verifications
  /** How many sessions are held in memory. */
  heldSessions: number
}

type SharedOptions = {
  /** How many sessions are held in memory at most; 100,000 where left out, some 80 MB. */
  heldSessions?: number
  /** Told of troubles that mend themselves: the same one at most every ten seconds. */
  onError?: ((error: Error) => void) | undefined
  /** Milliseconds since the epoch; the system clock where left out. */
  now?: () => number
  /** Milliseconds of a clock that is never set; the system's where left out. */
  monotonic?: () => number
  /** A cryptographically secure source; Node's where left out. */
  randomBytes?: (size: number) => Uint8Array
}

/** For an API server that may reach the Redis of the authorization servers. */
export type RedisVerifierOptions = SharedOptions & {
  /** The URL of Redis, as the server's `AUTHCHEMY_REDIS_URL`. */
  redis: string
}

/** For any other API server: it asks the authorization server. */
export type HttpVerifierOptions = SharedOptions & {
  /** The authorization server's origin: https, or http on this machine's own loopback. */
  issuer: string
  /** This API as a resource server, registered by `authchemy clients add <id> --confidential --resource-server`. */
  clientId: string
  clientSecret: string
  /** The global one where left out. */
  fetch?: typeof globalThis.fetch
}

/**
 * Makes a verifier of access tokens for an API server. It answers from memory while the feed of revocations says that it may, for half a second at a time, and otherwise asks the store or the authorization
 * server (RFC 7662): a session that was ended is refused by every call that begins after the sign-out was answered. Following begins with the first token that has to be asked for.
 * @throws TypeError where the options cannot be used
 * @throws StoreUnavailableError where Redis cannot be reached. The authorization server is not asked for anything yet.
 */
export async function createVerifier(
  options: RedisVerifierOptions | HttpVerifierOptions,
): Promise<ApiVerifier> {
  const { now = systemClock.now, monotonic = systemClock.monotonic, heldSessions = HELD_SESSIONS } = options
  const clock = { now, monotonic }
  const onError = options.onError && atMostEvery(REPEAT_MS, monotonic, options.onError)
  const { source, transport, clientId, close } =
    "redis" in options ? await overRedis(options.redis, onError) : await overHttp(options, now)
  const id = followerIdOf(clientId, (options.randomBytes ?? secureRandomBytes)(16))
  const follower = createFollower({ transport, clock, id, onError })
  let changes = 0
  follower.onForgotten((item) => {
    if (item?.includes(":")) changes++
  })
  // What is told of a token may rest on an account or a client that has changed since it was asked: such an answer is not kept.
  const feed = { ...follower, generation: () => follower.generation() + changes }
  const verifier = createSessionVerifier({ source, feed, clock, heldSessions })
  return {
    ...verifier,
    isCurrent: follower.isCurrent,
    stats: () => {
      const { heldSessions: size, ...verifications } = verifier.stats()
      return { ...follower.status(), verifications, heldSessions: size }
    },
    close: async () => {
      await verifier.close()
      await follower.close()
      await close()
    },
  }
}

/** Where sessions are read, and how it is learnt that they have ended. */
type Origin = {
  source: SessionSource
  transport: FollowerTransport
  clientId: string
  close(): Promise<void>
}

type OnError = ((error: Error) => void) | undefined

async function overRedis(url: string, onError: OnError): Promise<Origin> {
  const { openRedisStore } = await import("./store/redis.ts")
  const store = await openRedisStore({ url, onError })
  return { source: store, transport: store.feed, clientId: "", close: store.close }
}

async function overHttp(options: HttpVerifierOptions, now: () => number): Promise<Origin> {
  const { issuer, clientId, clientSecret, fetch = globalThis.fetch } = options
  const [{ createAuthorizationServer }, { createHttpFeed }, { introspectSessions }] = await Promise.all([
    import("./http/authorization-server.ts"),
    import("./http/http-feed.ts"),
    import("./http/introspection.ts"),
  ])
  const server = createAuthorizationServer({ issuer, clientId, clientSecret, fetch })
  return {
    source: introspectSessions({ server, issuer, now }),
    transport: createHttpFeed({ server, issuer }),
    clientId,
    close: async () => {},
  }
}

/** How long it takes until the same trouble is told again. */
const REPEAT_MS = 10_000

/** Renewals fail ten times a second while a server is gone; that is one trouble. */
function atMostEvery(
  ms: number,
  monotonic: () => number,
  tell: (error: Error) => void,
): (error: Error) => void {
  let told = { message: "", at: Number.NEGATIVE_INFINITY }
  return (error) => {
    const at = monotonic()
    if (error.message === told.message && at - told.at < ms) return
    told = { message: error.message, at }
    tell(error)
  }
}
