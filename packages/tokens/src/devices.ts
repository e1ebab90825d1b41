import {
  DEVICE_CODE_LIFETIME_SECONDS,
  DEVICE_POLL_INTERVAL_SECONDS,
  tidyUserCode,
  userCodeFrom,
} from "@authchemy/protocol"
import { approvedEvent, redeemFound } from "./codes.ts"
import type { Ending } from "./ending.ts"
import { DevicePollError, InvalidGrantError, UserCodeError } from "./errors.ts"
import type { Observing } from "./events.ts"
import type { SessionSource } from "./sessions.ts"
import {
  type CodeRecord,
  type DeviceRecord,
  EXPIRED_DEVICE_RETENTION_MS,
  LONGEST_POLL_INTERVAL_MS,
  type TokenStore,
} from "./store/store.ts"
import { digestOf, mintToken, parseToken, tagOf } from "./token-format.ts"
import type { DeviceRequest, IssuedToken, TokenService } from "./token-service.ts"

/** A user code that is taken is so unlikely that a second one is all but always free. */
const MOST_TRIES = 5

/** Makes a device code and a user code. See `TokenService.requestDevice`. */
export async function requestDevice(
  store: TokenStore,
  { now, randomBytes }: SessionSource,
  request: Parameters<TokenService["requestDevice"]>[0],
): ReturnType<TokenService["requestDevice"]> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const userCode = userCodeFrom(randomBytes)
    // The device code bears the user code's tag: in Redis both are on one slot.
    const deviceCode = mintToken("dc", userCode, randomBytes)
    const createdAt = now()
    const kept = await store.putDevice(
      {
        ...request,
        digest: digestOf(deviceCode),
        ...addressOf(userCode),
        createdAt,
        expiresAt: createdAt + DEVICE_CODE_LIFETIME_SECONDS * 1000,
        state: "pending",
        accountId: null,
        intervalMs: DEVICE_POLL_INTERVAL_SECONDS * 1000,
        lastPolledAt: null,
      },
      createdAt,
    )
    if (!kept) continue
    const interval = DEVICE_POLL_INTERVAL_SECONDS
    return { deviceCode, userCode, expiresInSeconds: DEVICE_CODE_LIFETIME_SECONDS, intervalSeconds: interval }
  }
  throw new Error("no user code is free")
}

/** Binds a user code to an account, and tells what it is for. See `TokenService.claimDevice`. */
export async function claimDevice(
  store: TokenStore,
  { now }: SessionSource,
  userCode: string,
  accountId: string,
): Promise<DeviceRecord> {
  const code = tidyUserCode(userCode)
  if (code === null) throw new UserCodeError("unknown")
  const { tag, userCodeDigest } = addressOf(code)
  const at = now()
  return judged(await store.claimDevice(tag, userCodeDigest, accountId, at), accountId, at)
}

/**
 * Approves, denies or lets go of a device. An approval is kept first as a code of the account, under a digest of its own and on the account's
 * slot, where the poll redeems it in one step; a device that is then not found claimed leaves that code to expire, and nobody can redeem it.
 * See `TokenService.decideDevice`.
 */
export async function decideDevice(
  store: TokenStore,
  source: SessionSource & Observing,
  userCode: string,
  accountId: string,
  decision: "approve" | "deny" | "release",
): Promise<DeviceRequest> {
  const request = await claimDevice(store, source, userCode, accountId)
  const { tag, userCodeDigest } = addressOf(tidyUserCode(userCode) ?? "")
  const at = source.now()
  const approval = approvalOf(request, accountId, at)
  if (decision === "approve") await store.putCode(approval, at)
  const state = { approve: "approved", deny: "denied", release: "pending" } as const
  if (!(await store.decideDevice(tag, userCodeDigest, accountId, state[decision], at))) {
    // Decided or expired since it was claimed, a moment ago.
    throw new UserCodeError(at >= request.expiresAt ? "expired" : "decided")
  }
  const { clientId, device } = request
  if (decision === "approve") source.observe(approvedEvent(approval))
  if (decision === "deny") source.observe({ type: "denied", accountId, clientId, device })
  return request
}

/** What an account's approval of a device is kept as. */
function approvalOf(request: DeviceRecord, accountId: string, now: number): CodeRecord {
  const { clientId, scopes, device, codeChallenge, expiresAt } = request
  const digest = approvalDigestOf(request.digest, accountId)
  return {
    ...{ digest, tag: tagOf(accountId), accountId, clientId, scopes, device, codeChallenge },
    ...{ redirectUri: null, keyThumbprint: null, endsOnReplay: false, usedBy: null },
    // A client that polls as slowly as it may still comes in time when the person decides in the last second.
    expiresAt: Math.max(expiresAt, now + 2 * LONGEST_POLL_INTERVAL_MS),
  }
}

/** A device asks for its token. See `TokenService.pollDevice`. */
export async function pollDevice(
  store: TokenStore,
  source: SessionSource & Observing & Ending,
  request: Parameters<TokenService["pollDevice"]>[0],
): Promise<IssuedToken> {
  const parsed = parseToken(request.deviceCode)
  if (parsed?.kind !== "dc") throw new InvalidGrantError("malformed")
  const digest = digestOf(request.deviceCode)
  const at = source.now()
  const device = await store.pollDevice(parsed.tag, digest, at)
  if (device === null || isForgotten(device, at)) throw new InvalidGrantError("unknown")
  if (device.clientId !== request.clientId) throw new InvalidGrantError("mismatch")
  if (device.state === "denied") throw new DevicePollError("access_denied")
  if (device.state === "approved" && device.accountId !== null) {
    const code = await store.findCode(tagOf(device.accountId), approvalDigestOf(digest, device.accountId))
    const expired = code === null || (code.usedBy === null && at >= code.expiresAt)
    if (expired) throw new DevicePollError("expired_token")
    const keyThumbprint = request.keyThumbprint ?? null
    return redeemFound(store, source, code, { ...request, keyThumbprint, redirectUri: null, device: {} })
  }
  if (at >= device.expiresAt) throw new DevicePollError("expired_token")
  throw new DevicePollError(device.tooSoon ? "slow_down" : "authorization_pending")
}

/** Where a user code's device is kept. @param userCode in its one spelling */
function addressOf(userCode: string): { tag: string; userCodeDigest: string } {
  return { tag: tagOf(userCode), userCodeDigest: digestOf(`authchemy user code\n${userCode}`) }
}

/** Where an account's approval of a device is kept: each account's apart, so that one that comes too late touches nobody else's. */
function approvalDigestOf(deviceDigest: string, accountId: string): string {
  return digestOf(`authchemy device approval\n${deviceDigest}\n${accountId}`)
}

/** A store clears away in its own time; to the world outside what is due to go has gone. */
function isForgotten(device: DeviceRecord, now: number): boolean {
  return now >= device.expiresAt + EXPIRED_DEVICE_RETENTION_MS
}

/** @throws UserCodeError where it is not this account's to decide on */
function judged(device: DeviceRecord | null, accountId: string, now: number): DeviceRecord {
  if (device === null || isForgotten(device, now)) throw new UserCodeError("unknown")
  if (now >= device.expiresAt) throw new UserCodeError("expired")
  if (device.accountId !== accountId) throw new UserCodeError("claimed")
  if (device.state !== "claimed") throw new UserCodeError("decided")
  return device
}
