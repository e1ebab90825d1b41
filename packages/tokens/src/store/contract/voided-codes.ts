import { expect, test } from "vitest"
import { tagOf } from "../../token-format.ts"
import { LONGEST_CODE_LIFE_MS, type TokenStore } from "../store.ts"
import { DEVICE_REQUEST, polling } from "./devices.ts"
import { type ContractSetting, closingServices, outcomeOf, redemption, seconds, sorted } from "./setting.ts"

/** What becomes of approvals that are under way when all sessions of their account end, on every store. */
export function voidedCodesContract(setting: ContractSetting): void {
  const { tokens, elsewhere, clock, newAccount, signIn, issue, open, expectEnded } = setting
  const serviceOn = closingServices(clock)

  const approveDevice = async (accountId: string) => {
    const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
    await elsewhere.decideDevice(userCode, accountId, "approve")
    return deviceCode
  }
  const redeem = (code: string) => outcomeOf(elsewhere.redeemCode(redemption(code)))
  const poll = (deviceCode: string) => outcomeOf(elsewhere.pollDevice(polling(deviceCode)))

  test.each(["all", "all but one"])("S48 a code from before %s sessions end makes none", async (which) => {
    const accountId = newAccount()
    const mine = await signIn(accountId)
    const code = await issue(accountId)
    const except = which === "all" ? undefined : { sessionId: mine.session.id }
    await tokens.revokeSessions(accountId, except)
    for (let count = 0; count < 2; count++) expect(await redeem(code)).toBe("invalid_grant unknown")
    expect(await tokens.listSessions(accountId)).toHaveLength(which === "all" ? 0 : 1)
  })

  test("S48 a device that was approved before all sessions end gets none, as late as it may ask", async () => {
    const accountId = newAccount()
    const [first, second] = [await approveDevice(accountId), await approveDevice(accountId)]
    await tokens.revokeSessions(accountId)
    expect(await poll(first)).toBe("expired_token")
    clock.now += seconds(599)
    expect(await poll(second)).toBe("expired_token")
    expect(await tokens.listSessions(accountId)).toEqual([])
  })

  test("S48 what is approved afterwards is good, in the same millisecond and after a clock was set back", async () => {
    const accountId = newAccount()
    const before = await issue(accountId)
    await tokens.revokeSessions(accountId)
    const [code, deviceCode] = [await issue(accountId), await approveDevice(accountId)]
    clock.now -= seconds(3600)
    const earlier = await issue(accountId)
    for (const one of [code, earlier]) expect(await redeem(one)).toBe("ok")
    expect(await poll(deviceCode)).toBe("ok")
    expect(await redeem(before)).toBe("invalid_grant unknown")
    expect(await tokens.listSessions(accountId)).toHaveLength(3)
    clock.now += seconds(3600)
  })

  test("S48 a code that a server with a clock ahead has issued is no better", async () => {
    const accountId = newAccount()
    clock.now += seconds(30)
    const code = await issue(accountId)
    clock.now -= seconds(30)
    await tokens.revokeSessions(accountId)
    clock.now += seconds(31)
    expect(await redeem(code)).toBe("invalid_grant unknown")
  })

  test("S48 whenever all sessions end again, what was approved since is void", async () => {
    const accountId = newAccount()
    for (let round = 0; round < 4; round++) {
      const [code, deviceCode] = [await issue(accountId), await approveDevice(accountId)]
      await elsewhere.revokeSessions(accountId)
      expect([await redeem(code), await poll(deviceCode)]).toEqual(["invalid_grant unknown", "expired_token"])
      clock.now += seconds(300)
    }
  })

  test("S47 S48 nobody else's codes are void, and none because one session ends", async () => {
    const [one, other] = ["account-405", "account-6049"] as const
    expect(tagOf(one)).toBe(tagOf(other))
    const codes = [await issue(other), await issue(newAccount())]
    const deviceCode = await approveDevice(other)
    await tokens.revokeSessions(one)
    for (const code of codes) expect(await redeem(code)).toBe("ok")
    expect(await poll(deviceCode)).toBe("ok")

    const accountId = newAccount()
    const [{ session }, { token }] = [await signIn(accountId), await signIn(accountId)]
    const code = await issue(accountId)
    expect(await tokens.revokeSession(accountId, session.id)).toBe(true)
    expect(await tokens.revoke(token)).toBe(true)
    expect(await redeem(code)).toBe("ok")
    await tokens.revokeSessions(other)
  })

  test("S22 S48 a redeemed code is still known for one", async () => {
    const accountId = newAccount()
    const [code, deviceCode] = [await issue(accountId), await approveDevice(accountId)]
    expect([await redeem(code), await poll(deviceCode)]).toEqual(["ok", "ok"])
    await tokens.revokeSessions(accountId)
    expect(await redeem(code)).toBe("invalid_grant replayed")
    expect(await poll(deviceCode)).toBe("invalid_grant replayed")
  })

  test("S49 a code that is void by the time that it is redeemed makes no session, though it was found before", async () => {
    const store = await open()
    const overtaken: TokenStore = {
      ...store,
      redeemCode: async (code, creation, now) => {
        await tokens.revokeSessions(code.accountId)
        return store.redeemCode(code, creation, now)
      },
    }
    const late = serviceOn(overtaken)
    const accountId = newAccount()
    const [code, deviceCode] = [await issue(accountId), await approveDevice(accountId)]
    expect(await outcomeOf(late.redeemCode(redemption(code)))).toBe("invalid_grant unknown")
    const again = await approveDevice(accountId)
    expect(await poll(deviceCode)).toBe("expired_token")
    expect(await outcomeOf(late.pollDevice(polling(again)))).toBe("invalid_grant unknown")
    expect(await tokens.listSessions(accountId)).toEqual([])
  })

  test("S49 of codes and approvals that are redeemed while all sessions end, not one leaves a session that lives", async () => {
    for (let round = 0; round < 20; round++) {
      const accountId = newAccount()
      const codes = await Promise.all(Array.from({ length: 8 }, () => issue(accountId)))
      const deviceCodes = await Promise.all(Array.from({ length: 3 }, () => approveDevice(accountId)))
      const [redeemed, polled] = await Promise.all([
        Promise.allSettled(codes.slice(0, 4).map((code) => tokens.redeemCode(redemption(code)))),
        Promise.allSettled(deviceCodes.map((code) => tokens.pollDevice(polling(code)))),
        elsewhere.revokeSessions(accountId),
        Promise.allSettled(codes.slice(4).map((code) => elsewhere.redeemCode(redemption(code)))),
      ])
      await expectEnded([...sorted(redeemed).granted, ...sorted(polled).granted])
      expect(await tokens.listSessions(accountId)).toEqual([])
    }
  })

  test("S49 what is approved while all sessions end is void, or makes a session that is listed", async () => {
    for (let round = 0; round < 20; round++) {
      const accountId = newAccount()
      const [codes] = await Promise.all([
        Promise.all(Array.from({ length: 6 }, () => issue(accountId))),
        elsewhere.revokeSessions(accountId),
      ])
      const outcomes = await Promise.all(codes.map(redeem))
      expect(new Set(["ok", "invalid_grant unknown", ...outcomes]).size).toBe(2)
      const listed = await tokens.listSessions(accountId)
      expect(listed).toHaveLength(outcomes.filter((outcome) => outcome === "ok").length)
    }
  })

  test("no code lives longer than a store remembers that it is void", async () => {
    const store = await open()
    const lives: number[] = []
    const noting = serviceOn({
      ...store,
      putCode: (code, now) => {
        lives.push(code.expiresAt - now)
        return store.putCode(code, now)
      },
    })
    await noting.issueCode({ accountId: newAccount(), clientId: "c", scopes: [], device: {}, ...NO_REDIRECT })
    for (const wait of [0, 599]) {
      const { userCode } = await noting.requestDevice(DEVICE_REQUEST)
      clock.now += seconds(wait)
      await noting.decideDevice(userCode, newAccount(), "approve")
    }
    expect(lives).toHaveLength(3)
    expect(Math.max(...lives)).toBeLessThanOrEqual(LONGEST_CODE_LIFE_MS)
  })
}

const NO_REDIRECT = { redirectUri: "http://127.0.0.1:1/callback", codeChallenge: null }
