import type { Ending } from "./ending.ts"
import { InvalidGrantError, InvalidScopeError } from "./errors.ts"
import type { Observing } from "./events.ts"
import { parseRefreshToken, successorsOf } from "./refresh-token.ts"
import { accessExpiry, inOrder, publicSession, type SessionSource } from "./sessions.ts"
import type { SessionRecord, TokenStore } from "./store/store.ts"
import { digestOf, SECRET_BYTES } from "./token-format.ts"
import type { IssuedToken, Session, TokenService } from "./token-service.ts"

/** Rotates a refresh token. See `TokenService.refresh`. */
export async function refresh(
  store: TokenStore,
  { now, randomBytes, observe, ended }: SessionSource & Observing & Ending,
  request: Parameters<TokenService["refresh"]>[0],
): Promise<IssuedToken> {
  const { refreshToken, keyThumbprint } = request
  const parsed = parseRefreshToken(refreshToken)
  if (parsed === null) throw new InvalidGrantError("malformed")
  const { tag, family } = parsed
  const at = now()
  const found = await store.findRefresh(tag, family, at)
  if (found === null) throw new InvalidGrantError("unknown")
  const { session } = found
  judge(session, request)
  const scopes = inOrder(request.scopes ?? session.scopes)
  if (scopes.some((scope) => !session.scopes.includes(scope))) throw new InvalidScopeError()

  const nonce = Buffer.from(randomBytes(SECRET_BYTES)).toString("base64url")
  const next = successorsOf(refreshToken, nonce)
  const access = {
    ...session,
    ...{ digest: digestOf(next.token), tag, family, scopes, keyThumbprint },
    lastUsedAt: at,
    expiresAt: accessExpiry(at, session),
  }
  const rotation = await store.rotateRefresh(
    {
      ...{ tag, family, presented: digestOf(refreshToken) },
      next: { current: digestOf(next.refreshToken), nonce, access },
    },
    at,
  )
  const answer = answerOf(next, access, session)
  if (rotation.outcome === "rotated") observe({ type: "refreshed", session: answer.session })
  await ended(rotation.revocation, "refresh_reused")
  switch (rotation.outcome) {
    case "rotated":
      return answer
    case "repeated":
      return answerOf(successorsOf(refreshToken, rotation.nonce), rotation.access, session)
    default:
      throw new InvalidGrantError(rotation.outcome)
  }
}

/** What is told of a rotation, the first time and again: the session as its new access token has it, to the session's own end. */
function answerOf(
  successors: { refreshToken: string; token: string },
  access: SessionRecord,
  { expiresAt }: Session,
): IssuedToken {
  return {
    ...successors,
    tokenExpiresAt: access.expiresAt,
    session: { ...publicSession(access), expiresAt },
  }
}

/** Whether this party may refresh this session at all. One that may not changes nothing, not even by a replay. */
function judge(session: Session, request: Parameters<TokenService["refresh"]>[0]): void {
  const { clientId, keyThumbprint } = request
  if (clientId !== session.clientId) throw new InvalidGrantError("mismatch")
  const bound = session.keyThumbprint !== null
  if (bound !== (keyThumbprint !== null)) throw new InvalidGrantError("mismatch")
  if (bound && !request.mayChangeKey && keyThumbprint !== session.keyThumbprint) {
    throw new InvalidGrantError("mismatch")
  }
}
