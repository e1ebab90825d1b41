import { expect, test } from "vitest"
import { type ContractSetting, refusal, rotation, seconds, sorted, withRefreshToken } from "./setting.ts"

/** Refresh tokens that are used at the same moment, over two connections, on every store. */
export function refreshRaceContract(setting: ContractSetting): void {
  const { tokens, elsewhere, clock, newAccount, signInOffline, atOnce, expectEnded } = setting

  test("of 100 refreshes with one token at once, all get the very same tokens, 20 times over", async () => {
    for (let round = 0; round < 20; round++) {
      const first = await signInOffline(newAccount())
      clock.now += seconds(20)
      const { granted, refused } = sorted(
        await atOnce(100, (service) => service.refresh(rotation(first.refreshToken))),
      )
      expect(refused).toEqual([])
      expect(granted).toHaveLength(100)
      expect(new Set(granted.map((pair) => `${pair.token} ${pair.refreshToken}`)).size).toBe(1)
      expect(new Set(granted.map(({ tokenExpiresAt }) => tokenExpiresAt))).toEqual(
        new Set([clock.now + seconds(3600)]),
      )
      const [second] = granted
      if (second === undefined) throw new Error("nothing was granted")
      expect(await elsewhere.verify(second.token)).not.toBeNull()
      // It was rotated once: the access token before is still the one before.
      expect(await elsewhere.verify(first.token)).not.toBeNull()
      const third = await tokens.refresh(rotation(second.refreshToken ?? ""))
      expect(third.session.id).toBe(first.session.id)
    }
  })

  test("S22 a token and its successor at once: whoever is late ends the session, and no half of it is left", async () => {
    for (let round = 0; round < 20; round++) {
      const first = await signInOffline(newAccount())
      const second = await withRefreshToken(tokens.refresh(rotation(first.refreshToken)))
      clock.now += seconds(11)
      const { granted } = sorted(
        await Promise.allSettled([
          elsewhere.refresh(rotation(first.refreshToken)),
          tokens.refresh(rotation(second.refreshToken)),
        ]),
      )
      expect(granted.length).toBeLessThanOrEqual(1)
      await expectEnded([first, second, ...granted])
    }
  })

  test("S49 nothing that is refreshed or begun while `revoke all` runs comes back to life", async () => {
    for (let round = 0; round < 20; round++) {
      const accountId = newAccount()
      const before = await Promise.all(Array.from({ length: 5 }, () => signInOffline(accountId)))
      const [refreshed, begun] = await Promise.all([
        Promise.allSettled(
          before.flatMap(({ refreshToken }) =>
            [tokens, elsewhere].map((service) => service.refresh(rotation(refreshToken))),
          ),
        ),
        Promise.all(Array.from({ length: 3 }, () => signInOffline(accountId))),
        elsewhere.revokeSessions(accountId),
      ])
      await expectEnded([...before, ...sorted(refreshed).granted])
      const listed = new Set((await tokens.listSessions(accountId)).map(({ id }) => id))
      for (const issued of begun) {
        if (!listed.has(issued.session.id)) {
          await expectEnded([issued])
          continue
        }
        expect(await elsewhere.verify(issued.token)).not.toBeNull()
        await tokens.refresh(rotation(issued.refreshToken))
      }
    }
  })

  test("S46 of revocations by each token of a session at once, one ended it", async () => {
    for (let round = 0; round < 10; round++) {
      const first = await signInOffline(newAccount())
      const second = await withRefreshToken(tokens.refresh(rotation(first.refreshToken)))
      const all = [first.token, first.refreshToken, second.token, second.refreshToken]
      const ended = await Promise.all(all.flatMap((token) => [tokens.revoke(token), elsewhere.revoke(token)]))
      expect(ended.filter(Boolean)).toHaveLength(1)
      await expectEnded([first, second])
    }
  })

  test("S49 a use that is noted while its session ends does not bring it back", async () => {
    for (let round = 0; round < 20; round++) {
      const first = await signInOffline(newAccount())
      clock.now += seconds(61)
      const [, , outcome] = await Promise.all([
        tokens.verify(first.token),
        elsewhere.revoke(first.token),
        refusal(tokens.refresh(rotation(first.refreshToken))).catch(() => "rotated"),
        tokens.verify(first.token),
      ])
      expect(["unknown", "rotated"]).toContain(outcome)
      await expectEnded([first])
    }
  })
}
