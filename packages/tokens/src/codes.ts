import { CODE_LIFETIME_SECONDS, codeChallengeOf, type DeviceClaims } from "@authchemy/protocol"
import type { Ending } from "./ending.ts"
import { InvalidGrantError } from "./errors.ts"
import { approvalIdOf, type Observing, type TokenEvent } from "./events.ts"
import { issuedEvent, newSession, type SessionSource } from "./sessions.ts"
import type { CodeRecord, TokenStore } from "./store/store.ts"
import { digestOf, mintToken, parseToken, tagOf } from "./token-format.ts"
import type { IssuedToken, TokenService } from "./token-service.ts"

/** Issues an authorization code: single use, 60 seconds, kept as a digest. See `TokenService.issueCode`. */
export async function issueCode(
  store: TokenStore,
  { now, randomBytes, observe }: SessionSource & Observing,
  request: Parameters<TokenService["issueCode"]>[0],
): Promise<string> {
  const code = mintToken("ac", request.accountId, randomBytes)
  const issuedAt = now()
  const record = {
    ...request,
    keyThumbprint: request.keyThumbprint ?? null,
    digest: digestOf(code),
    tag: tagOf(request.accountId),
    endsOnReplay: true,
    expiresAt: issuedAt + CODE_LIFETIME_SECONDS * 1000,
    usedBy: null,
  }
  await store.putCode(record, issuedAt)
  observe(approvedEvent(record))
  return code
}

/** That a person approved what this code stands for. */
export function approvedEvent(code: CodeRecord): TokenEvent {
  const { accountId, clientId, device, scopes, expiresAt } = code
  const approvalId = approvalIdOf(code.digest)
  return { type: "approved", accountId, approvalId, clientId, device, scopes, expiresAt }
}

/** What a code must have been issued for. */
type Claim = {
  clientId: string
  redirectUri: string | null
  codeVerifier: string | null
  keyThumbprint: string | null
}

/** Redeems an authorization code. See `TokenService.redeemCode`. */
export async function redeemCode(
  store: TokenStore,
  source: SessionSource & Observing & Ending,
  request: Parameters<TokenService["redeemCode"]>[0],
): Promise<IssuedToken> {
  const parsed = parseToken(request.code)
  if (parsed?.kind !== "ac") throw new InvalidGrantError("malformed")
  const code = await store.findCode(parsed.tag, digestOf(request.code))
  if (code === null) throw new InvalidGrantError("unknown")
  const claim = { ...request, keyThumbprint: request.keyThumbprint ?? null }
  return redeemFound(store, source, code, claim)
}

/**
 * Redeems a code that was found. What a code was issued for never changes, so it is judged first, here, once for all stores; that
 * exactly one redemption wins is then one atomic step of the store.
 */
export async function redeemFound(
  store: TokenStore,
  source: SessionSource & Observing & Ending,
  code: CodeRecord,
  request: Claim & { expiresInSeconds: number; device: DeviceClaims },
): Promise<IssuedToken> {
  const now = source.now()
  judge(code, request, now)
  const { issued, creation } = newSession(source, now, {
    accountId: code.accountId,
    clientId: code.clientId,
    scopes: code.scopes,
    expiresInSeconds: request.expiresInSeconds,
    device: approvedOver(request.device, code.device),
    keyThumbprint: request.keyThumbprint,
  })
  const { outcome, revocation } = await store.redeemCode(code, creation, now)
  if (outcome === "redeemed") source.observe(issuedEvent(issued, code.digest))
  await source.ended(revocation, "code_replayed")
  if (outcome !== "redeemed") throw new InvalidGrantError(outcome)
  return issued
}

/** Whether this party may redeem this code at all. One that may not changes nothing, so it is turned away before it can spoil the code. */
function judge(code: CodeRecord, request: Claim, now: number): void {
  const challenge = request.codeVerifier === null ? null : codeChallengeOf(request.codeVerifier)
  // Both are digests, or public: a comparison that stops early tells nothing of a verifier.
  if (challenge !== code.codeChallenge) throw new InvalidGrantError("mismatch")
  if (request.clientId !== code.clientId) throw new InvalidGrantError("mismatch")
  // With PKCE the redirect target need not be said again (OAuth 2.1 §10.2); where it is said, it must be the same.
  const redirectSaid = request.redirectUri !== null || code.codeChallenge === null
  if (redirectSaid && request.redirectUri !== code.redirectUri) throw new InvalidGrantError("mismatch")
  if (code.keyThumbprint !== null && request.keyThumbprint !== code.keyThumbprint) {
    throw new InvalidGrantError("mismatch")
  }
  if (code.usedBy === null && now >= code.expiresAt) throw new InvalidGrantError("expired")
}

/** What the person saw and approved stands; what was left open then may be filled in now. */
function approvedOver(claimed: DeviceClaims, approved: DeviceClaims): DeviceClaims {
  return { ...claimed, ...approved }
}
