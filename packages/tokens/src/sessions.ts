import { REFRESHED_TOKEN_LIFETIME_SECONDS, SCOPES, type Scope } from "@authchemy/protocol"
import { approvalIdOf, type EndedSession, type TokenEvent } from "./events.ts"
import { familyDigestOf, mintRefreshToken } from "./refresh-token.ts"
import { SESSION_ID_LENGTH } from "./store/session-packing.ts"
import type { SessionCreation, SessionRecord } from "./store/store.ts"
import { digestOf, mintToken, tagOf } from "./token-format.ts"
import type { Grant, IssuedToken, Session } from "./token-service.ts"

/** Where times and randomness come from. `now` is milliseconds since the epoch. */
export type SessionSource = { now: () => number; randomBytes: (size: number) => Uint8Array }

/**
 * Makes a session and its tokens; keeps none. With the scope `offline_access` it gets a refresh token, and an access token of one hour at
 * most. The id has 95 random bits and tells nothing of a token.
 */
export function newSession(
  { randomBytes }: SessionSource,
  now: number,
  request: Grant & { expiresInSeconds: number; keyThumbprint: string | null },
): { issued: IssuedToken; creation: SessionCreation } {
  const { accountId, clientId, device, keyThumbprint } = request
  const scopes = inOrder(request.scopes)
  const session: Session = {
    id: sessionIdFrom(randomBytes),
    ...{ accountId, clientId, scopes, device, keyThumbprint },
    createdAt: now,
    lastUsedAt: now,
    expiresAt: now + request.expiresInSeconds * 1000,
  }
  const tag = tagOf(accountId)
  const token = mintToken("at", accountId, randomBytes)
  const digest = digestOf(token)
  if (!scopes.includes("offline_access")) {
    return {
      issued: { token, tokenExpiresAt: session.expiresAt, refreshToken: null, session },
      creation: { session: { ...session, digest, tag, family: null }, refresh: null },
    }
  }
  const refreshToken = mintRefreshToken(accountId, randomBytes)
  const family = familyDigestOf(refreshToken)
  const access = { ...session, digest, tag, family, expiresAt: accessExpiry(now, session) }
  return {
    issued: { token, tokenExpiresAt: access.expiresAt, refreshToken, session },
    creation: {
      session: { ...session, digest: family, tag, family: null },
      refresh: { current: digestOf(refreshToken), access },
    },
  }
}

/** base64url. It begins with a letter: one that began with `-` would be taken for a flag where a person gives it to a command. */
function sessionIdFrom(randomBytes: SessionSource["randomBytes"]): string {
  const bytes = Buffer.from(randomBytes((SESSION_ID_LENGTH * 3) / 4))
  bytes[0] = (bytes[0] ?? 0) & 0x7f
  return bytes.toString("base64url")
}

/** Scopes, each once, in the order of `SCOPES`: so they are kept, so they come back. */
export function inOrder(scopes: readonly Scope[]): readonly Scope[] {
  return SCOPES.filter((scope) => scopes.includes(scope))
}

/** When an access token beside a refresh token ends: in one hour, or with its session. */
export function accessExpiry(now: number, session: { expiresAt: number }): number {
  return Math.min(now + REFRESHED_TOKEN_LIFETIME_SECONDS * 1000, session.expiresAt)
}

/** A session as the world outside the store sees it: without digests and tag. */
export function publicSession(record: SessionRecord): Session {
  const { digest: _digest, tag: _tag, family: _family, ...session } = record
  return session
}

/** A session that has ended, as events tell of it. */
export function endedSession({ id, accountId, clientId, device }: Session): EndedSession {
  return { id, accountId, clientId, device }
}

/** @param codeDigest of the code that the session comes from, or `null` */
export function issuedEvent({ session, refreshToken }: IssuedToken, codeDigest: string | null): TokenEvent {
  const approvalId = codeDigest === null ? null : approvalIdOf(codeDigest)
  return { type: "issued", session, approvalId, refreshable: refreshToken !== null }
}
