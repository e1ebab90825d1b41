import { randomBytes as secureRandomBytes } from "node:crypto"
import type { DeviceClaims, Scope } from "@authchemy/protocol"
import { issueCode, redeemCode } from "./codes.ts"
import { claimDevice, decideDevice, pollDevice, requestDevice } from "./devices.ts"
import { createEnding, type EndingStats } from "./ending.ts"
import { type TokenEvent, unbreakable } from "./events.ts"
import { HELD_SESSIONS } from "./held-sessions.ts"
import { refresh } from "./refresh.ts"
import { parseRefreshToken } from "./refresh-token.ts"
import { systemClock } from "./revocation/clock.ts"
import { createRevocationFeed, type FeedStatus, type RevocationFeed } from "./revocation/feed.ts"
import { issuedEvent, newSession, publicSession } from "./sessions.ts"
import { counted } from "./store/counted.ts"
import type { Revocation, TokenStore } from "./store/store.ts"
import { digestOf, parseToken, tagOf } from "./token-format.ts"
import { createSessionVerifier, type Verifications, type Verifier } from "./verifier.ts"

/** What a person let a client do. */
export type Grant = {
  accountId: string
  clientId: string
  scopes: readonly Scope[]
  /** The machine, as it described itself. */
  device: DeviceClaims
}

/** A signed-in machine. Times are milliseconds since the epoch, UTC. */
export type Session = Grant & {
  id: string
  /** The JWK thumbprint of the key that its tokens are bound to (RFC 9449 §6), or `null` for bearer tokens. */
  keyThumbprint: string | null
  createdAt: number
  lastUsedAt: number
  /** Of a session that is listed: its own end. Of one that an access token was verified for: that token's end, which may come sooner. */
  expiresAt: number
}

/** A session and its tokens. They are nowhere else: the store keeps SHA-256 digests only. */
export type IssuedToken = {
  token: string
  /** Milliseconds since the epoch: the session's end, or one hour on where there is a refresh token. */
  tokenExpiresAt: number
  /** `null` where the scopes have no `offline_access`. */
  refreshToken: string | null
  session: Session
}

/** What a device asks for, as the person sees it before deciding. */
export type DeviceRequest = Omit<Grant, "accountId"> & {
  /** The network address that the request came from. */
  address: string
  codeChallenge: string | null
  /** Milliseconds since the epoch. */
  createdAt: number
  expiresAt: number
}

/** The engine: codes, tokens, sessions and their end. Every method throws `StoreUnavailableError` where the store is out of reach. */
export type TokenService = Omit<Verifier, "close"> & {
  /**
   * Issues an authorization code: single use, 60 seconds (RFC 6749 §4.1.2).
   * @param request.redirectUri the redirect target, compared as raw text at redemption
   * @param request.codeChallenge the S256 challenge (RFC 7636 §4.2), or `null` for a client without PKCE
   * @param request.device what the person approved; wins over what the redeeming client claims
   * @param request.keyThumbprint the key that the tokens must be bound to (RFC 9449 §10), where the client named one
   */
  issueCode(
    request: Grant & { redirectUri: string; codeChallenge: string | null; keyThumbprint?: string | null },
  ): Promise<string>

  /**
   * Redeems a code. Of any number of calls with one code, exactly one gets a token; a second one by a party that holds the
   * verifier ends the session that the first one made (RFC 6749 §4.1.2); one without it changes nothing.
   * @param request.redirectUri `null`: not said again, which a code with a challenge allows
   * @param request.expiresInSeconds the session's lifetime, 60 to 7,776,000
   * @param request.keyThumbprint the key that has been proved, to which the tokens are bound; left out for bearer tokens
   * @throws InvalidGrantError
   */
  redeemCode(request: {
    code: string
    clientId: string
    redirectUri: string | null
    codeVerifier: string | null
    expiresInSeconds: number
    device: DeviceClaims
    keyThumbprint?: string | null
  }): Promise<IssuedToken>

  /** Makes a session without a code. */
  createSession(
    request: Grant & { expiresInSeconds: number; keyThumbprint?: string | null },
  ): Promise<IssuedToken>

  /**
   * Rotates a refresh token (RFC 6749 §6, RFC 9700 §4.14.2): it is good once. Used again within ten seconds, it gives the very same tokens
   * again, for a client that lost the answer; used again later, or when its successor has been used, it ends the session.
   * @param request.scopes fewer than were granted for the access token, or `null` for all
   * @param request.keyThumbprint the key that has been proved, or `null`
   * @param request.mayChangeKey for a client that has authenticated with a secret: the key may be another one (RFC 9449 §5)
   * @throws InvalidGrantError, InvalidScopeError
   */
  refresh(request: {
    refreshToken: string
    clientId: string
    scopes: readonly Scope[] | null
    keyThumbprint: string | null
    mayChangeKey: boolean
  }): Promise<IssuedToken>

  /** The session of a refresh token, the current one or any before it; `null` where it has none that lives. Uses nothing up. */
  findRefreshSession(refreshToken: string): Promise<Session | null>

  /**
   * Makes a device code and a user code (RFC 8628 §3.2): ten minutes, five seconds between polls.
   * @param request.address the network address that it comes from, shown to the person
   * @param request.codeChallenge an S256 challenge whose verifier each poll must then bring, or `null`
   */
  requestDevice(request: Omit<DeviceRequest, "createdAt" | "expiresAt">): Promise<{
    deviceCode: string
    userCode: string
    expiresInSeconds: number
    intervalSeconds: number
  }>

  /**
   * Binds a user code to an account: from now on nobody else can decide on it. Any number of times by the same account.
   * @param userCode as a person types it
   * @throws UserCodeError
   */
  claimDevice(userCode: string, accountId: string): Promise<DeviceRequest>

  /** Approves, denies or lets go of what the account has claimed; returns what that was. @throws UserCodeError */
  decideDevice(
    userCode: string,
    accountId: string,
    decision: "approve" | "deny" | "release",
  ): Promise<DeviceRequest>

  /**
   * A device's poll (RFC 8628 §3.4). Of any number after an approval, exactly one gets a token.
   * @param request.codeVerifier of the challenge that the device code was asked for with; `null` where there was none
   * @throws DevicePollError while there is no token, and InvalidGrantError where there will be none
   */
  pollDevice(request: {
    deviceCode: string
    clientId: string
    codeVerifier: string | null
    expiresInSeconds: number
    keyThumbprint?: string | null
  }): Promise<IssuedToken>

  /** An account's live sessions, the newest first. */
  listSessions(accountId: string): Promise<Session[]>

  /** Ends the session of an access token or a refresh token. `false` where there was none. When this resolves, its tokens are refused everywhere. */
  revoke(token: string): Promise<boolean>

  /** Ends the session of a revocation handle (`<tag>.<digest>`). `false` where there was none. */
  revokeByHandle(handle: string): Promise<boolean>

  /** Ends one session of an account by its id. `false` where the account has no such session. */
  revokeSession(accountId: string, sessionId: string): Promise<boolean>

  /**
   * Ends all sessions of an account, or all but one, and voids in the same step every code and every approval of a device that was there for it and has not been redeemed.
   * Returns how many sessions were ended.
   */
  revokeSessions(accountId: string, except?: { sessionId: string }): Promise<number>

  /**
   * Ends all sessions of a client, whoever their accounts are. Looks at every session that there is, some at a time, and sees to it that those that ended are forgotten
   * everywhere before it goes on. One that is made meanwhile may be spared: see to it first that the client gets none. Where it rejects, some have ended and others not; called
   * again, it goes on, and what had ended and may still be held elsewhere is forgotten there, too.
   * @returns how many live sessions this call ended
   */
  revokeClient(clientId: string): Promise<number>

  /**
   * Keeps a text for a while under a name that its keeper chooses. `false`, and nothing changes, where the name is taken: of any number of
   * calls with one name, exactly one gets `true`.
   * @param expiresAt milliseconds since the epoch
   */
  keep(name: string, text: string, expiresAt: number): Promise<boolean>

  /** The text of a name, or `null`. */
  recall(name: string): Promise<string | null>

  /** The text of a name, which is free then; of any number of calls exactly one gets it. */
  take(name: string): Promise<string | null>

  /**
   * Sees to it that no process that shares the store keeps these in memory: resolves when none does.
   * @param items names with a colon and without spaces, such as `account:<id>`
   */
  announce(items: readonly string[]): Promise<void>

  /** @param listener told of each item that was announced anywhere, and of `null` where everything has to be forgotten. @returns ends it */
  onForgotten(listener: (item: string | null) => void): () => void

  /**
   * Whether what is in memory may be trusted at this moment: asked at each use, after the answer was found. `false` for as long as nothing was verified here.
   */
  isCurrent(): boolean

  /** The feed of revocations, for passing it on to verifiers that cannot reach the store. */
  readonly relay: RevocationFeed["relay"]

  /** What happened since the start, for those who run a server. */
  stats(): TokenStats

  /** Resolves where the store answers. */
  ready(): Promise<void>

  /** Waits for what is under way and closes the store. */
  close(): Promise<void>
}

/** Numbers for those who run a server. */
export type TokenStats = FeedStatus & {
  verifications: Verifications
  /** How many sessions are held in memory. */
  heldSessions: number
  /** How often the store did not answer. */
  storeErrors: number
  revocations: EndingStats
}

const REVOCATION_HANDLE = /^([0-9A-Za-z]{4})\.([A-Za-z0-9\-_]{43})$/

/**
 * Makes the engine over a store, which it takes over and closes.
 * @param options.now milliseconds since the epoch; the system clock where left out
 * @param options.monotonic milliseconds of a clock that is never set; the system's where left out
 * @param options.randomBytes a cryptographically secure source; Node's where left out
 * @param options.heldSessions how many sessions are held in memory at most; 100,000 where left out. Half as many are sure to stay, however they are used
 * @param options.observe told what happens, in the async context of the call that brings it about; what it throws goes to `onError`, and the call goes on
 * @param options.onError told of troubles with the feed of revocations that mend themselves, and of a listener that fails
 */
export function createTokenService(options: {
  store: TokenStore
  now?: () => number
  monotonic?: () => number
  randomBytes?: (size: number) => Uint8Array
  heldSessions?: number
  observe?: ((event: TokenEvent) => void) | undefined
  onError?: ((error: Error) => void) | undefined
}): TokenService {
  const { now = systemClock.now, monotonic = systemClock.monotonic } = options
  const { randomBytes = secureRandomBytes, heldSessions = HELD_SESSIONS, onError } = options
  const clock = { now, monotonic }
  const id = Buffer.from(randomBytes(12)).toString("base64url")
  let storeErrors = 0
  const count = () => storeErrors++
  const store = counted(options.store, count)
  const transport = counted(store.feed, count)
  const feed = createRevocationFeed({ transport, clock, id, onError })
  const verifier = createSessionVerifier({ source: store, feed, clock, heldSessions })
  const observe = options.observe === undefined ? () => {} : unbreakable(options.observe, onError)
  const ending = createEnding({ announce: feed.announce, monotonic, observe })
  const source = { now, randomBytes, observe, ended: ending.ended }
  const revoked = async (revoking: Promise<Revocation>): Promise<number> =>
    ending.ended(await revoking, "revoked")

  return {
    issueCode: (request) => issueCode(store, source, request),

    redeemCode: (request) => redeemCode(store, source, request),

    createSession: async (request) => {
      const createdAt = now()
      const keyThumbprint = request.keyThumbprint ?? null
      const { issued, creation } = newSession(source, createdAt, { ...request, keyThumbprint })
      await store.createSession(creation, createdAt)
      observe(issuedEvent(issued, null))
      return issued
    },

    refresh: (request) => refresh(store, source, request),

    findRefreshSession: async (refreshToken) => {
      const parsed = parseRefreshToken(refreshToken)
      const found = parsed === null ? null : await store.findRefresh(parsed.tag, parsed.family, now())
      return found === null ? null : publicSession(found.session)
    },

    requestDevice: (request) => requestDevice(store, source, request),

    claimDevice: (userCode, accountId) => claimDevice(store, source, userCode, accountId),

    decideDevice: (userCode, accountId, decision) =>
      decideDevice(store, source, userCode, accountId, decision),

    pollDevice: (request) => pollDevice(store, source, request),

    verify: verifier.verify,

    inspect: verifier.inspect,

    verifyHeld: verifier.verifyHeld,

    inspectHeld: verifier.inspectHeld,

    listSessions: async (accountId) =>
      (await store.listSessions(tagOf(accountId), accountId, now())).map(publicSession),

    revoke: async (token) => {
      const refreshed = parseRefreshToken(token)
      if (refreshed !== null)
        return (await revoked(store.revokeByDigest(refreshed.tag, refreshed.family, now()))) > 0
      const parsed = parseToken(token)
      if (parsed?.kind !== "at") return false
      return (await revoked(store.revokeByDigest(parsed.tag, digestOf(token), now()))) > 0
    },

    revokeByHandle: async (handle) => {
      const [, tag, digest] = REVOCATION_HANDLE.exec(handle) ?? []
      if (tag === undefined || digest === undefined) return false
      return (await revoked(store.revokeByDigest(tag, digest, now()))) > 0
    },

    revokeSession: async (accountId, sessionId) =>
      (await revoked(store.revokeById(tagOf(accountId), accountId, sessionId, now()))) > 0,

    revokeSessions: async (accountId, except) => {
      const tag = tagOf(accountId)
      const all = await store.revokeAll(tag, accountId, except?.sessionId ?? null, now())
      if (all.voided > 0) observe({ type: "approvals_voided", accountId, count: all.voided })
      const [ended] = await Promise.all([ending.ended(all, "revoked"), counted(all, count).confirmed()])
      return ended
    },

    revokeClient: async (clientId) => {
      let count = 0
      for await (const revocation of store.revokeClient(clientId, now())) {
        count += await ending.ended(revocation, "client_removed")
      }
      return count
    },

    keep: (name, text, expiresAt) => store.keep(digestOf(name), text, expiresAt, now()),

    recall: (name) => store.recall(digestOf(name), now()),

    take: (name) => store.take(digestOf(name), now()),

    announce: feed.announce,

    onForgotten: feed.onForgotten,

    isCurrent: feed.isCurrent,

    relay: feed.relay,

    stats: () => {
      const { heldSessions: size, ...verifications } = verifier.stats()
      return {
        ...feed.status(),
        verifications,
        heldSessions: size,
        storeErrors,
        revocations: ending.stats(),
      }
    },

    ready: () => store.ping(),

    close: async () => {
      await verifier.close()
      await feed.close()
      await store.close()
    },
  }
}
