import { randomBytes } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { formatToken, secretOf } from "../../token-format.ts"
import type { IssuedToken, TokenService } from "../../token-service.ts"
import { type ContractSetting, outcomeOf, rotation, seconds } from "./setting.ts"

/** A session and all pairs of tokens it ever had, as RFC 9700 §4.14.2 and the docstrings of the engine have it. */
type Family = {
  pairs: { token: string; refreshToken: string; endsAt: number }[]
  accountId: string
  sessionId: string
  endsAt: number
  rotatedAt: number
  ended: boolean
}
type Model = { families: Family[]; accountId: string }
type Real = {
  service: () => TokenService
  clock: { now: number }
  begin: (accountId: string, expiresInSeconds: number) => Promise<IssuedToken>
}
type RefreshCommand = fc.AsyncCommand<Model, Real>

const isAlive = (family: Family, now: number) => !family.ended && now < family.endsAt

/** Of the access tokens, the current one and the one before are good, each to its own end. */
const isGood = (family: Family, which: number, now: number) =>
  isAlive(family, now) && which >= family.pairs.length - 2 && now < (family.pairs[which]?.endsAt ?? 0)

function addPair(family: Family, { token, refreshToken }: IssuedToken, now: number): void {
  const endsAt = Math.min(now + seconds(3600), family.endsAt)
  family.pairs.push({ token, refreshToken: refreshToken ?? "", endsAt })
  family.rotatedAt = now
}

/** What must hold at any time, for every token that ever was. */
async function expectAsModel(
  { families, accountId }: Model,
  { service, clock: { now } }: Real,
): Promise<void> {
  for (const family of families) {
    const good: number[] = []
    for (const [which, { token, refreshToken }] of family.pairs.entries()) {
      const session = await service().verify(token)
      expect(session !== null).toBe(isGood(family, which, now))
      if (session !== null) good.push(which)
      expect((await service().findRefreshSession(refreshToken)) !== null).toBe(isAlive(family, now))
    }
    // One lineage: what is good is the newest, and the one before it.
    expect(good.length).toBeLessThanOrEqual(2)
  }
  const listed = (await service().listSessions(accountId)).map(({ id }) => id).sort()
  const alive = families.filter((family) => isAlive(family, now))
  expect(listed).toEqual(alive.map(({ sessionId }) => sessionId).sort())
}

const begin = (lifetimeSeconds: number): RefreshCommand => ({
  check: () => true,
  run: async (model, real) => {
    const issued = await real.begin(model.accountId, lifetimeSeconds)
    const { id: sessionId, accountId, expiresAt: endsAt } = issued.session
    const family: Family = { pairs: [], accountId, sessionId, endsAt, rotatedAt: 0, ended: false }
    addPair(family, issued, real.clock.now)
    model.families.push(family)
    await expectAsModel(model, real)
  },
  toString: () => `begin for ${lifetimeSeconds} s`,
})

/** A command on one of the pairs of one of the sessions that there are; `back` counts from the newest pair. */
function onPair(
  name: string,
  [of, back]: [number, number],
  run: (family: Family, which: number, real: Real, now: number) => Promise<void>,
): RefreshCommand {
  return {
    check: ({ families }) => families.length > 0,
    run: async (model, real) => {
      const family = model.families[of % model.families.length]
      if (family === undefined) return
      await run(family, Math.max(0, family.pairs.length - 1 - back), real, real.clock.now)
      await expectAsModel(model, real)
    },
    toString: () => `${name} #${of} -${back}`,
  }
}

const refreshTokenAt = (family: Family, which: number) => family.pairs[which]?.refreshToken ?? ""

const refresh = (at: [number, number]) =>
  onPair("refresh", at, async (family, which, { service }, now) => {
    const refreshing = service().refresh(rotation(refreshTokenAt(family, which)))
    const told = await outcomeOf(refreshing)
    const last = family.pairs.length - 1
    if (!isAlive(family, now)) expect(told).toBe("invalid_grant unknown")
    else if (which === last) {
      expect(told).toBe("ok")
      addPair(family, await refreshing, now)
    } else if (which === last - 1 && now - family.rotatedAt < seconds(10)) {
      expect(told).toBe("ok")
      const { token, refreshToken, tokenExpiresAt } = await refreshing
      expect({ token, refreshToken, endsAt: tokenExpiresAt }).toEqual(family.pairs[last])
    } else {
      expect(told).toBe("invalid_grant replayed")
      family.ended = true
    }
  })

const refreshAsStranger = (at: [number, number]) =>
  onPair("refresh by another client", at, async (family, which, { service }, now) => {
    const request = { ...rotation(refreshTokenAt(family, which)), clientId: "alchemy-cli" }
    const told = await outcomeOf(service().refresh(request))
    expect(told).toBe(isAlive(family, now) ? "invalid_grant mismatch" : "invalid_grant unknown")
  })

const refreshForged = (at: [number, number]) =>
  onPair("refresh with a forged token", at, async (family, which, { service }, now) => {
    const refreshToken = refreshTokenAt(family, which)
    const half = secretOf(refreshToken)?.subarray(0, 16) ?? Buffer.alloc(16)
    const forged = formatToken("rt", refreshToken.slice(11, 15), Buffer.concat([half, randomBytes(16)]))
    const told = await outcomeOf(service().refresh(rotation(forged)))
    expect(told).toBe(isAlive(family, now) ? "invalid_grant replayed" : "invalid_grant unknown")
    family.ended = true
  })

const revoke = (at: [number, number], by: "token" | "refreshToken" | "id") =>
  onPair(`revoke by ${by}`, at, async (family, which, { service }, now) => {
    const ended =
      by === "id"
        ? await service().revokeSession(family.accountId, family.sessionId)
        : await service().revoke(family.pairs[which]?.[by] ?? "")
    expect(ended).toBe(by === "token" ? isGood(family, which, now) : isAlive(family, now))
    if (ended) family.ended = true
  })

/** Never to less than seconds before an end: Redis counts those by its own clock. */
const advance = (count: number): RefreshCommand => ({
  check: () => true,
  run: async (model, real) => {
    real.clock.now += seconds(count)
    await expectAsModel(model, real)
  },
  toString: () => `${count} s later`,
})

/** Random histories of refresh tokens, on a store and in the model: every answer is the same, and one lineage lives at most. */
export function refreshModelContract(setting: ContractSetting, runs: number): void {
  test("S22 S48 whatever happens in whatever order, of a session's tokens those are good that the model says", async () => {
    const { tokens, elsewhere, clock, newAccount, signInOffline } = setting
    const at = fc.tuple(
      fc.nat({ max: 2 }),
      fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 2 }) }, { weight: 1, arbitrary: fc.nat({ max: 40 }) }),
    )
    let calls = 0
    const real: Real = {
      service: () => (++calls % 2 === 0 ? tokens : elsewhere),
      clock,
      begin: (accountId, expiresInSeconds) => signInOffline(accountId, { expiresInSeconds }),
    }
    const commands = fc.commands(
      [
        fc.constantFrom(60, 3600, 3660, 90 * 86_400).map(begin),
        at.map(refresh),
        fc.nat({ max: 2 }).map((of) => refresh([of, 0])),
        fc.nat({ max: 2 }).map((of) => refresh([of, 0])),
        at.map(refreshAsStranger),
        at.map(refreshForged),
        fc
          .tuple(at, fc.constantFrom("token" as const, "refreshToken" as const, "id" as const))
          .map(([which, by]) => revoke(which, by)),
        fc.constantFrom(5, 10, 55, 60, 1800, 3595, 3600, 86_400).map(advance),
        fc.constantFrom(5, 10).map(advance),
      ] as fc.Arbitrary<RefreshCommand>[],
      { maxCommands: 40, size: "max" },
    )
    await fc.assert(
      fc.asyncProperty(commands, (history) =>
        fc.asyncModelRun(() => ({ model: { families: [], accountId: newAccount() }, real }), history),
      ),
      { numRuns: runs },
    )
  }, 60_000)
}
