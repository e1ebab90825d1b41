import { randomBytes } from "node:crypto"
import { ALCHEMY_GRANT, codeChallengeOf } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { mintToken } from "../../token-format.ts"
import { createTokenService, type TokenService } from "../../token-service.ts"
import {
  type ContractSetting,
  DEVICE,
  OFFLINE_GRANT,
  OTHER_VERIFIER,
  outcomeOf,
  rotation,
  seconds,
  VERIFIER,
} from "./setting.ts"

const LIFETIME = seconds(600)
const RETENTION = seconds(600)
export const DEVICE_REQUEST = { ...ALCHEMY_GRANT, device: DEVICE, address: "192.0.2.7", codeChallenge: null }

/** What a device sends when it polls. */
export function polling(deviceCode: string): Parameters<TokenService["pollDevice"]>[0] {
  return { deviceCode, clientId: DEVICE_REQUEST.clientId, codeVerifier: null, expiresInSeconds: 3600 }
}

/** Devices (RFC 8628): requests, people who decide, and what the device is told, on every store. */
export function deviceContract(setting: ContractSetting): void {
  const { tokens, elsewhere, clock, newAccount, open } = setting
  const poll = (deviceCode: string, change: Partial<ReturnType<typeof polling>> = {}) =>
    outcomeOf(tokens.pollDevice({ ...polling(deviceCode), ...change }))
  const claim = (userCode: string, accountId: string) => outcomeOf(elsewhere.claimDevice(userCode, accountId))
  const decide = (userCode: string, accountId: string, decision: "approve" | "deny" | "release") =>
    outcomeOf(elsewhere.decideDevice(userCode, accountId, decision))
  const approved = async (change: Partial<Parameters<TokenService["requestDevice"]>[0]> = {}) => {
    const { deviceCode, userCode } = await tokens.requestDevice({ ...DEVICE_REQUEST, ...change })
    const accountId = newAccount()
    expect(await decide(userCode, accountId, "approve")).toBe("ok")
    return { deviceCode, userCode, accountId }
  }

  test("a device is shown as it described itself, approved, and gets a session that is just that", async () => {
    const accountId = newAccount()
    const { deviceCode, userCode, ...rest } = await tokens.requestDevice(DEVICE_REQUEST)
    expect(deviceCode).toMatch(/^alchemy_dc_/)
    expect(userCode).toMatch(/^[A-Z]{4}-[A-Z]{4}$/)
    expect(rest).toEqual({ expiresInSeconds: 600, intervalSeconds: 5 })
    const shown = { ...DEVICE_REQUEST, createdAt: clock.now, expiresAt: clock.now + LIFETIME }
    expect(await elsewhere.claimDevice(userCode, accountId)).toMatchObject(shown)
    expect(await elsewhere.claimDevice(userCode, accountId)).toMatchObject(shown)
    expect(await poll(deviceCode)).toBe("authorization_pending")
    expect(await elsewhere.decideDevice(userCode, accountId, "approve")).toMatchObject(shown)
    clock.now += seconds(5)
    const { token, refreshToken, session } = await tokens.pollDevice(polling(deviceCode))
    expect(session).toMatchObject({ ...ALCHEMY_GRANT, accountId, device: DEVICE, keyThumbprint: null })
    expect(session.expiresAt).toBe(clock.now + seconds(3600))
    expect(refreshToken).toBeNull()
    expect(await elsewhere.verify(token)).toEqual(session)
    expect(await elsewhere.listSessions(accountId)).toEqual([session])
  })

  test("a device may get a refresh token, and tokens that are bound to a key", async () => {
    const { deviceCode } = await approved(OFFLINE_GRANT)
    const request = { ...polling(deviceCode), ...OFFLINE_GRANT, keyThumbprint: "key-1" }
    const issued = await tokens.pollDevice(request)
    expect(await elsewhere.verify(issued.token, "key-1")).not.toBeNull()
    expect(await elsewhere.verify(issued.token)).toBeNull()
    const next = { ...rotation(issued.refreshToken ?? ""), keyThumbprint: "key-1" }
    expect((await elsewhere.refresh(next)).session.id).toBe(issued.session.id)
  })

  test("S36 a first poll at once is not too soon, a second one is", async () => {
    const { deviceCode } = await tokens.requestDevice(DEVICE_REQUEST)
    expect(await poll(deviceCode)).toBe("authorization_pending")
    expect(await poll(deviceCode)).toBe("slow_down")
  })

  test("S35 a poll that comes too soon makes the interval five seconds longer, and it stays so, up to a minute", async () => {
    const { deviceCode } = await tokens.requestDevice(DEVICE_REQUEST)
    const after = async (ms: number) => {
      clock.now += ms
      return poll(deviceCode)
    }
    await poll(deviceCode)
    expect(await after(seconds(5))).toBe("authorization_pending")
    expect(await after(seconds(5))).toBe("authorization_pending")
    expect(await after(seconds(5) - 1)).toBe("slow_down")
    expect(await after(seconds(10) - 1)).toBe("slow_down")
    expect(await after(seconds(15))).toBe("authorization_pending")
    expect(await after(seconds(15))).toBe("authorization_pending")
    expect(await after(seconds(15) - 1)).toBe("slow_down")
    for (let count = 0; count < 20; count++) expect(await after(seconds(1))).toBe("slow_down")
    expect(await after(seconds(60))).toBe("authorization_pending")
    expect(await after(seconds(60) - 1)).toBe("slow_down")
    expect(await after(seconds(60))).toBe("authorization_pending")
  })

  test.each([0, 1, 5, 11, 30])(
    "S35 after %i hasty polls, a patient client still gets there",
    async (hasty) => {
      const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
      const expiresAt = clock.now + LIFETIME
      for (let count = 0; count < hasty; count++) {
        await poll(deviceCode)
        clock.now += seconds(1)
      }
      const told: string[] = []
      for (let interval = 5; told.at(-1) !== "authorization_pending"; ) {
        clock.now += seconds(interval)
        told.push(await poll(deviceCode))
        if (told.at(-1) === "slow_down") interval += 5
        expect(clock.now).toBeLessThan(expiresAt)
      }
      expect(await decide(userCode, newAccount(), "approve")).toBe("ok")
      clock.now += seconds(60)
      expect(clock.now).toBeLessThan(expiresAt)
      expect(await poll(deviceCode)).toBe("ok")
    },
  )

  test("S42 what one account has claimed, another can neither see nor decide on, until it is let go", async () => {
    const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
    const [one, other] = [newAccount(), newAccount()]
    expect(await claim(userCode, one)).toBe("ok")
    expect(await claim(userCode, other)).toBe("user_code_refused claimed")
    for (const decision of ["approve", "deny", "release"] as const) {
      expect(await decide(userCode, other, decision)).toBe("user_code_refused claimed")
    }
    expect(await poll(deviceCode)).toBe("authorization_pending")
    expect(await decide(userCode, one, "release")).toBe("ok")
    expect(await claim(userCode, other)).toBe("ok")
    expect(await claim(userCode, one)).toBe("user_code_refused claimed")
    expect(await decide(userCode, one, "approve")).toBe("user_code_refused claimed")
    expect(await decide(userCode, other, "approve")).toBe("ok")
    const { session } = await tokens.pollDevice(polling(deviceCode))
    expect(session.accountId).toBe(other)
  })

  test("what has been decided stays decided", async () => {
    const { deviceCode, userCode, accountId } = await approved()
    for (const decision of ["approve", "deny", "release"] as const) {
      expect(await decide(userCode, accountId, decision)).toBe("user_code_refused decided")
      expect(await decide(userCode, newAccount(), decision)).toBe("user_code_refused claimed")
    }
    expect(await claim(userCode, accountId)).toBe("user_code_refused decided")
    expect(await poll(deviceCode)).toBe("ok")
    expect(await decide(userCode, accountId, "approve")).toBe("user_code_refused decided")
  })

  test("S43 a poll after success gets nothing, and its token stays good", async () => {
    const { deviceCode } = await approved()
    const { token } = await tokens.pollDevice(polling(deviceCode))
    clock.now += seconds(60)
    expect(await poll(deviceCode)).toBe("invalid_grant replayed")
    expect(await outcomeOf(elsewhere.pollDevice(polling(deviceCode)))).toBe("invalid_grant replayed")
    expect(await tokens.verify(token)).not.toBeNull()
  })

  test("S44 a denied device is told so, each time it asks", async () => {
    const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
    const accountId = newAccount()
    expect(await decide(userCode, accountId, "deny")).toBe("ok")
    expect(await poll(deviceCode)).toBe("access_denied")
    expect(await poll(deviceCode)).toBe("access_denied")
    expect(await decide(userCode, accountId, "approve")).toBe("user_code_refused decided")
    expect(await tokens.listSessions(accountId)).toEqual([])
  })

  test("S44 after ten minutes a device has expired, and nobody can decide on it", async () => {
    const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
    const mine = await tokens.requestDevice(DEVICE_REQUEST)
    const accountId = newAccount()
    clock.now += LIFETIME - 1
    expect(await poll(deviceCode)).toBe("authorization_pending")
    expect(await claim(mine.userCode, accountId)).toBe("ok")
    clock.now += 1
    expect(await poll(deviceCode)).toBe("expired_token")
    expect(await poll(mine.deviceCode)).toBe("expired_token")
    for (const code of [userCode, mine.userCode]) {
      expect(await claim(code, accountId)).toBe("user_code_refused expired")
      for (const decision of ["approve", "deny", "release"] as const) {
        expect(await decide(code, accountId, decision)).toBe("user_code_refused expired")
      }
    }
    expect(await poll(mine.deviceCode)).toBe("expired_token")
    expect(await tokens.listSessions(accountId)).toEqual([])
  })

  test("what is approved in the last moment can be polled for two minutes more, and then not", async () => {
    const [inTime, late] = [
      await tokens.requestDevice(DEVICE_REQUEST),
      await tokens.requestDevice(DEVICE_REQUEST),
    ]
    const approvedAt = clock.now + LIFETIME - 1
    clock.now = approvedAt
    for (const { userCode } of [inTime, late]) {
      expect(await decide(userCode, newAccount(), "approve")).toBe("ok")
    }
    clock.now = approvedAt + seconds(120) - 1
    expect(await poll(inTime.deviceCode)).toBe("ok")
    clock.now += 1
    expect(await poll(late.deviceCode)).toBe("expired_token")
  })

  test("what is approved early can be polled until it expires, and then not", async () => {
    const [inTime, late] = [await approved(), await approved()]
    clock.now += LIFETIME - 1
    expect(await poll(inTime.deviceCode)).toBe("ok")
    clock.now += 1
    expect(await poll(late.deviceCode)).toBe("expired_token")
  })

  test("ten minutes after it has expired a device is unknown", async () => {
    const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
    clock.now += LIFETIME + RETENTION - 1
    expect(await poll(deviceCode)).toBe("expired_token")
    expect(await claim(userCode, newAccount())).toBe("user_code_refused expired")
    clock.now += 1
    expect(await poll(deviceCode)).toBe("invalid_grant unknown")
    expect(await claim(userCode, newAccount())).toBe("user_code_refused unknown")
    expect(await decide(userCode, newAccount(), "approve")).toBe("user_code_refused unknown")
  })

  test("S24 another client's poll is refused, whatever has been decided, and spoils nothing", async () => {
    const waiting = await tokens.requestDevice(DEVICE_REQUEST)
    const decided = await approved()
    for (const { deviceCode } of [waiting, decided]) {
      expect(await poll(deviceCode, { clientId: "deploy-tool" })).toBe("invalid_grant mismatch")
    }
    expect(await poll(decided.deviceCode)).toBe("ok")
  })

  test("S23 a device code with a challenge is redeemed with its verifier only, and a wrong one spoils nothing", async () => {
    const { deviceCode } = await approved({ codeChallenge: codeChallengeOf(VERIFIER) })
    expect(await poll(deviceCode)).toBe("invalid_grant mismatch")
    expect(await poll(deviceCode, { codeVerifier: OTHER_VERIFIER })).toBe("invalid_grant mismatch")
    expect(await poll(deviceCode, { codeVerifier: VERIFIER })).toBe("ok")
    const plain = await approved()
    expect(await poll(plain.deviceCode, { codeVerifier: VERIFIER })).toBe("invalid_grant mismatch")
    expect(await poll(plain.deviceCode)).toBe("ok")
  })

  test("a user code may be typed untidily; what is none is unknown", async () => {
    const { userCode } = await tokens.requestDevice(DEVICE_REQUEST)
    const accountId = newAccount()
    const letters = userCode.replace("-", "")
    for (const typed of [
      letters,
      userCode.toLowerCase(),
      ` ${letters.split("").join(" ")}\n`,
      `${letters}.`,
    ]) {
      expect(await claim(typed, accountId)).toBe("ok")
    }
    expect(await decide(letters.toLowerCase(), accountId, "deny")).toBe("ok")
    const none = userCode.startsWith("B") ? `C${userCode.slice(1)}` : `B${userCode.slice(1)}`
    for (const typed of ["", "junk", userCode.slice(1), `${userCode}X`, none, "x".repeat(100_000)]) {
      expect(await claim(typed, accountId)).toBe("user_code_refused unknown")
      expect(await decide(typed, accountId, "approve")).toBe("user_code_refused unknown")
    }
  })

  test("what is no device code, or never was one, is refused", async () => {
    expect(await poll("junk")).toBe("invalid_grant malformed")
    const { userCode, deviceCode } = await approved()
    expect(await poll(userCode)).toBe("invalid_grant malformed")
    expect(await poll(mintToken("dc", userCode, randomBytes))).toBe("invalid_grant unknown")
    const { token } = await tokens.pollDevice(polling(deviceCode))
    expect(await poll(token)).toBe("invalid_grant malformed")
    expect(await tokens.verify(deviceCode)).toBeNull()
    expect(await tokens.revoke(deviceCode)).toBe(false)
    expect(await tokens.verify(token)).not.toBeNull()
  })

  test("a user code that is taken is not handed out twice", async () => {
    const [taken, free] = [randomBytes(8).map((byte) => byte % 20), Uint8Array.from({ length: 8 }, () => 1)]
    const drawn = [taken, taken, taken, free]
    const source = (size: number) => (size === 8 ? (drawn.shift() ?? taken) : randomBytes(size))
    const scripted = createTokenService({ store: await open(), now: () => clock.now, randomBytes: source })
    const first = await scripted.requestDevice(DEVICE_REQUEST)
    const second = await scripted.requestDevice(DEVICE_REQUEST)
    expect(second.userCode).toBe("CCCC-CCCC")
    expect(first.userCode).not.toBe(second.userCode)
    // Both are what they were.
    expect(await decide(first.userCode, newAccount(), "deny")).toBe("ok")
    expect(await poll(first.deviceCode)).toBe("access_denied")
    expect(await poll(second.deviceCode)).toBe("authorization_pending")
    // Where none can be found, nothing is handed out.
    await expect(scripted.requestDevice(DEVICE_REQUEST)).rejects.toThrow("no user code is free")
    await scripted.close()
  })
}
