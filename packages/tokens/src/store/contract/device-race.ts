import { expect, test } from "vitest"
import { tagOf } from "../../token-format.ts"
import { createTokenService } from "../../token-service.ts"
import type { TokenStore } from "../store.ts"
import { DEVICE_REQUEST, polling } from "./devices.ts"
import { type ContractSetting, outcomeOf, seconds, sorted } from "./setting.ts"

/** Devices that are polled and decided on at the same moment, over two connections, on every store. */
export function deviceRaceContract(setting: ContractSetting): void {
  const { tokens, elsewhere, clock, newAccount, atOnce, open } = setting

  test("S43 of 100 polls at once after the approval, exactly one gets a token, which stays good, 20 times over", async () => {
    for (let round = 0; round < 20; round++) {
      const accountId = newAccount()
      const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
      await elsewhere.decideDevice(userCode, accountId, "approve")
      const { granted, refused } = sorted(
        await atOnce(100, (service) => service.pollDevice(polling(deviceCode))),
      )
      expect(granted).toHaveLength(1)
      expect(new Set(refused.map((error) => (error as { code?: string }).code))).toEqual(
        new Set(["invalid_grant"]),
      )
      for (const { token } of granted) expect(await elsewhere.verify(token)).not.toBeNull()
      expect(await outcomeOf(elsewhere.pollDevice(polling(deviceCode)))).toBe("invalid_grant replayed")
      for (const { token } of granted) expect(await tokens.verify(token)).not.toBeNull()
      expect(await tokens.listSessions(accountId)).toHaveLength(1)
    }
  })

  test("S43 polls that run while the person approves get one token at most, and none that is not the person's", async () => {
    for (let round = 0; round < 20; round++) {
      const accountId = newAccount()
      const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
      const [polls] = await Promise.all([
        atOnce(20, (service) => service.pollDevice(polling(deviceCode))),
        elsewhere.decideDevice(userCode, accountId, "approve"),
      ])
      const { granted } = sorted(polls)
      expect(granted.length).toBeLessThanOrEqual(1)
      const late = await outcomeOf(tokens.pollDevice(polling(deviceCode)))
      expect(late).toBe(granted.length === 1 ? "invalid_grant replayed" : "ok")
      expect(await tokens.listSessions(accountId)).toHaveLength(1)
    }
  })

  test("S42 when people decide at once, one of them does", async () => {
    for (let round = 0; round < 20; round++) {
      const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
      const people = Array.from({ length: 10 }, newAccount)
      const outcomes = await Promise.all(
        people.map((accountId, index) =>
          outcomeOf((index % 2 === 0 ? tokens : elsewhere).decideDevice(userCode, accountId, "approve")),
        ),
      )
      expect(outcomes.filter((outcome) => outcome === "ok")).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === "user_code_refused claimed")).toHaveLength(9)
      const { session } = await tokens.pollDevice(polling(deviceCode))
      expect(session.accountId).toBe(people[outcomes.indexOf("ok")])
    }
  })

  test("S44 when one person denies and approves at once, one of the two holds", async () => {
    for (let round = 0; round < 20; round++) {
      const accountId = newAccount()
      const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
      const [approval, denial] = await Promise.all([
        outcomeOf(tokens.decideDevice(userCode, accountId, "approve")),
        outcomeOf(elsewhere.decideDevice(userCode, accountId, "deny")),
      ])
      expect([approval, denial].sort()).toEqual(["ok", "user_code_refused decided"])
      const polled = await outcomeOf(tokens.pollDevice(polling(deviceCode)))
      expect(polled).toBe(approval === "ok" ? "ok" : "access_denied")
      expect(await tokens.listSessions(accountId)).toHaveLength(approval === "ok" ? 1 : 0)
    }
  })

  test("the interval grows with every one of the polls that come at once", async () => {
    const { deviceCode } = await tokens.requestDevice(DEVICE_REQUEST)
    const polls = sorted(await atOnce(5, (service) => service.pollDevice(polling(deviceCode)))).refused
    const codes = polls.map((error) => (error as { code?: string }).code).sort()
    expect(codes).toEqual(["authorization_pending", ...Array(4).fill("slow_down")])
    clock.now += seconds(25) - 1
    expect(await outcomeOf(tokens.pollDevice(polling(deviceCode)))).toBe("slow_down")
    clock.now += seconds(30)
    expect(await outcomeOf(tokens.pollDevice(polling(deviceCode)))).toBe("authorization_pending")
  })

  /** A store whose approvals wait, before the given step, until they are let go on. */
  const slowStore = async (step: "putCode" | "decideDevice") => {
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
    const { promise: opened, resolve: goOn } = Promise.withResolvers<void>()
    const store = await open()
    const wait = async () => {
      reach()
      await opened
    }
    const slow: TokenStore = {
      ...store,
      putCode: async (...given) => {
        if (step === "putCode") await wait()
        return store.putCode(...given)
      },
      decideDevice: async (...given) => {
        if (step === "decideDevice") await wait()
        return store.decideDevice(...given)
      },
    }
    return { slow, reached, goOn }
  }

  const people = {
    "of different tags": ["account-1", "account-2"],
    "of one tag": ["account-405", "account-6049"],
  }
  const overtakings = (["of different tags", "of one tag"] as const).flatMap((kind) =>
    (["putCode", "decideDevice"] as const).flatMap((step) =>
      (["claimed", "approved"] as const).map((meanwhile) => ({ kind, step, meanwhile })),
    ),
  )

  test.each(overtakings)(
    "S42 an approval that waits before $step changes nothing for who has $meanwhile meanwhile: accounts $kind",
    async ({ kind, step, meanwhile }) => {
      const [one = "", other = ""] = people[kind]
      expect(tagOf(one) === tagOf(other)).toBe(kind === "of one tag")
      const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
      const { slow, reached, goOn } = await slowStore(step)
      const late = createTokenService({ store: slow, now: () => clock.now })
      const overtaken = outcomeOf(late.decideDevice(userCode, one, "approve"))
      await reached
      await tokens.decideDevice(userCode, one, "release")
      await elsewhere.claimDevice(userCode, other)
      if (meanwhile === "approved") await elsewhere.decideDevice(userCode, other, "approve")
      goOn()
      expect(await overtaken).toBe("user_code_refused decided")
      if (meanwhile === "claimed") await elsewhere.decideDevice(userCode, other, "approve")
      const { session } = await tokens.pollDevice(polling(deviceCode))
      expect(session.accountId).toBe(other)
      expect(await tokens.listSessions(one)).toEqual([])
      await tokens.revokeSessions(other)
      await late.close()
    },
  )

  test("S44 a device that expires while the person approves is not approved", async () => {
    const { deviceCode, userCode } = await tokens.requestDevice(DEVICE_REQUEST)
    const accountId = newAccount()
    clock.now += seconds(600) - 1
    const store = await open()
    const slow: TokenStore = {
      ...store,
      claimDevice: async (...given) => {
        const claimed = await store.claimDevice(...given)
        clock.now += 1
        return claimed
      },
    }
    const late = createTokenService({ store: slow, now: () => clock.now })
    expect(await outcomeOf(late.decideDevice(userCode, accountId, "approve"))).toBe(
      "user_code_refused expired",
    )
    expect(await outcomeOf(tokens.pollDevice(polling(deviceCode)))).toBe("expired_token")
    await late.close()
  })
}
