import { expect } from "vitest"
import { digestOf, secretOf } from "../../token-format.ts"
import type { TokenService } from "../../token-service.ts"
import { DEVICE_REQUEST, polling } from "./devices.ts"
import { OFFLINE_GRANT, redemption, rotation, withRefreshToken } from "./setting.ts"

const REDIRECT_REQUEST = { redirectUri: "http://127.0.0.1:1/callback", codeChallenge: null, device: {} }

/** What a store was given, none of which it may hold; and what it must hold, which shows that all of it was looked at. */
export type Given = { tokens: string[]; userCodes: string[]; present: string[] }

/** Gives a store one of each: codes, tokens, refresh tokens before and after rotation, devices in every state, kept texts. */
export async function giveAllKinds(service: TokenService, accountId: string): Promise<Given> {
  const grant = { ...OFFLINE_GRANT, accountId }
  const unused = await service.issueCode({ ...grant, ...REDIRECT_REQUEST })
  const used = await service.issueCode({ ...grant, ...REDIRECT_REQUEST })
  const redeeming = { ...redemption(used), ...{ clientId: grant.clientId, codeVerifier: null } }
  const redeemed = await withRefreshToken(
    service.redeemCode({ ...redeeming, redirectUri: REDIRECT_REQUEST.redirectUri }),
  )
  const second = await withRefreshToken(service.refresh(rotation(redeemed.refreshToken)))
  const third = await withRefreshToken(service.refresh(rotation(second.refreshToken)))
  const plain = await service.createSession({
    ...{ ...grant, scopes: ["apps:read"], expiresInSeconds: 600, device: {}, keyThumbprint: "key-1" },
  })

  const devices = await Promise.all(
    Array.from({ length: 5 }, () => service.requestDevice({ ...DEVICE_REQUEST, ...OFFLINE_GRANT })),
  )
  const [, claimed, denied, approved, done] = devices.map(({ userCode }) => userCode)
  await service.claimDevice(claimed ?? "", accountId)
  await service.decideDevice(denied ?? "", accountId, "deny")
  await service.decideDevice(approved ?? "", accountId, "approve")
  await service.decideDevice(done ?? "", accountId, "approve")
  const deviceCodes = devices.map(({ deviceCode }) => deviceCode)
  const polled = await withRefreshToken(
    service.pollDevice({ ...polling(deviceCodes[4] ?? ""), clientId: grant.clientId }),
  )
  await service.keep("name-of-a-text", "kept-text", Date.now() + 600_000)

  const pairs = [redeemed, second, third, polled]
  const refreshTokens = pairs.map(({ refreshToken }) => refreshToken)
  const accessTokens = pairs.map(({ token }) => token)
  return {
    tokens: [unused, used, plain.token, ...deviceCodes, ...refreshTokens, ...accessTokens],
    userCodes: devices.map(({ userCode }) => userCode),
    present: [
      ...[accountId, "kept-text", "192.0.2.7", "key-1", digestOf("name-of-a-text")],
      ...[unused, used, plain.token, ...deviceCodes, third.token, third.refreshToken, polled.token].map(
        digestOf,
      ),
    ],
  }
}

/** That a dump has none of the secrets in it, whole or in half, in whatever spelling. */
export function expectNoSecret(dump: Buffer, { tokens, userCodes, present }: Given): void {
  for (const text of present) expect(dump.includes(text)).toBe(true)
  expect(dump.includes("name-of-a-text")).toBe(false)
  for (const token of tokens) {
    const secret = secretOf(token) ?? Buffer.alloc(0)
    expect(secret).toHaveLength(32)
    const halves = [secret.subarray(0, 16), secret.subarray(16)]
    // Of a secret's middle a piece: a spelling in base64 may begin at any byte.
    const spellings = [token, token.slice(15, 36), token.slice(36, -6)]
    for (const half of halves) spellings.push(half.toString("hex"), half.toString("base64url").slice(0, 20))
    spellings.push(secret.toString("base64").slice(24, 40), secret.toString("base64url").slice(24, 40))
    for (const spelling of spellings) expect(dump.includes(spelling)).toBe(false)
    for (const half of halves) expect(dump.includes(half)).toBe(false)
  }
  for (const userCode of userCodes) {
    const letters = userCode.replace("-", "")
    for (const spelling of [userCode, letters, letters.toLowerCase()]) {
      expect(dump.includes(spelling)).toBe(false)
    }
  }
}
