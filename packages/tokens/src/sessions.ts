import type { DeviceClaims } from "@authchemy/protocol"
import { SESSION_ID_LENGTH } from "./store/session-packing.ts"
import type { SessionRecord } from "./store/store.ts"
import { digestOf, mintToken, tagOf } from "./token-format.ts"
import type { Session } from "./token-service.ts"

/** Where times and randomness come from. `now` is milliseconds since the epoch. */
export type SessionSource = { now: () => number; randomBytes: (size: number) => Uint8Array }

/** Makes a session and its token; keeps neither. The id has 96 random bits and tells nothing of the token. */
export function newSession(
  { randomBytes }: SessionSource,
  now: number,
  request: { accountId: string; expiresInSeconds: number; device: DeviceClaims },
): { token: string; record: SessionRecord; session: Session } {
  const token = mintToken("at", request.accountId, randomBytes)
  const session: Session = {
    id: Buffer.from(randomBytes((SESSION_ID_LENGTH * 3) / 4)).toString("base64url"),
    accountId: request.accountId,
    device: request.device,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: now + request.expiresInSeconds * 1000,
  }
  return { token, session, record: { ...session, digest: digestOf(token), tag: tagOf(request.accountId) } }
}

/** A session as the world outside the store sees it: without digest and tag. */
export function publicSession(record: SessionRecord): Session {
  const { digest: _digest, tag: _tag, ...session } = record
  return session
}
