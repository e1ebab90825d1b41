import { ALCHEMY_GRANT, codeChallengeOf } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { InvalidGrantError } from "../../errors.ts"
import { mintToken } from "../../token-format.ts"
import {
  type ContractSetting,
  DEVICE,
  OFFLINE_GRANT,
  OTHER_VERIFIER,
  REDIRECT,
  redemption,
  refusal,
  rotation,
  seconds,
  sorted,
  VERIFIER,
  withRefreshToken,
} from "./setting.ts"

/** Authorization codes, as every store must keep them. */
export function codeContract(setting: ContractSetting): void {
  const { tokens, elsewhere, clock, newAccount, signIn, issue, atOnce, expectEnded } = setting

  test("a code becomes a token that every connection to the store knows", async () => {
    const accountId = newAccount()
    const { token, session } = await tokens.redeemCode(redemption(await issue(accountId)))
    expect(session).toEqual({
      id: expect.stringMatching(/^[\w-]{16}$/),
      ...ALCHEMY_GRANT,
      accountId,
      device: DEVICE,
      keyThumbprint: null,
      createdAt: clock.now,
      lastUsedAt: clock.now,
      expiresAt: clock.now + seconds(3600),
    })
    expect(await tokens.verify(token)).toEqual(session)
    expect(await elsewhere.verify(token)).toEqual(session)
  })

  test("what was approved wins over what the redeeming client claims; what was left open is filled in", async () => {
    const code = await tokens.issueCode({
      ...ALCHEMY_GRANT,
      accountId: newAccount(),
      redirectUri: REDIRECT,
      codeChallenge: codeChallengeOf(VERIFIER),
      device: { name: "approved" },
    })
    const claimed = { name: "claimed", os: "Linux" }
    const { session } = await tokens.redeemCode({ ...redemption(code), device: claimed })
    expect(session.device).toEqual({ name: "approved", os: "Linux" })
  })

  test("S21 of 100 redemptions at once, over two connections, exactly one gets a token, 50 times over", async () => {
    for (let round = 0; round < 50; round++) {
      const code = await issue(newAccount())
      const outcomes = await Promise.allSettled(
        Array.from({ length: 100 }, (_, index) =>
          (index % 2 === 0 ? tokens : elsewhere).redeemCode(redemption(code)),
        ),
      )
      expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1)
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(InvalidGrantError)
      }
    }
  }, 60_000)

  test("S22 a replay by the holder of the verifier ends the session that the code made", async () => {
    const code = await issue(newAccount())
    const { token } = await tokens.redeemCode(redemption(code))
    expect(await tokens.verify(token)).not.toBeNull()
    expect(await refusal(elsewhere.redeemCode(redemption(code)))).toBe("replayed")
    expect(await tokens.verify(token)).toBeNull()
    expect(await tokens.revoke(token)).toBe(false)
  })

  test("S22 a late replay, when an unused code would have expired, still ends the session", async () => {
    const code = await issue(newAccount())
    const { token } = await tokens.redeemCode(redemption(code))
    clock.now += seconds(90)
    expect(await refusal(tokens.redeemCode(redemption(code)))).toBe("replayed")
    expect(await tokens.verify(token)).toBeNull()
  })

  test("S22 a replay without the verifier changes nothing", async () => {
    const code = await issue(newAccount())
    const { token } = await tokens.redeemCode(redemption(code))
    const stranger = { ...redemption(code), codeVerifier: OTHER_VERIFIER }
    expect(await refusal(tokens.redeemCode(stranger))).toBe("mismatch")
    expect(await refusal(tokens.redeemCode({ ...stranger, codeVerifier: null }))).toBe("mismatch")
    expect(await tokens.verify(token)).not.toBeNull()
  })

  test("S23 a wrong verifier is refused and does not spoil the code", async () => {
    const code = await issue(newAccount())
    const wrong = { ...redemption(code), codeVerifier: OTHER_VERIFIER }
    expect(await refusal(tokens.redeemCode(wrong))).toBe("mismatch")
    expect((await tokens.redeemCode(redemption(code))).token).toMatch(/^alchemy_at_/)
  })

  test.each([
    "http://127.0.0.1:16425/callback",
    "http://127.0.0.1:16424/callback2",
    "http://localhost:16424/callback",
  ])("S24 another redirect target, %s, is refused", async (redirectUri) => {
    const code = await issue(newAccount())
    expect(await refusal(tokens.redeemCode({ ...redemption(code), redirectUri }))).toBe("mismatch")
  })

  test("S25 an attacker's code in a victim's flow meets the victim's verifier", async () => {
    const attackers = await issue(newAccount(), { codeChallenge: codeChallengeOf("a".repeat(43)) })
    expect(await refusal(tokens.redeemCode(redemption(attackers)))).toBe("mismatch")
  })

  test("S26 a code lives 60 seconds", async () => {
    const inTime = await issue(newAccount())
    const late = await issue(newAccount())
    clock.now += seconds(59)
    await tokens.redeemCode(redemption(inTime))
    clock.now += seconds(2)
    expect(await refusal(tokens.redeemCode(redemption(late)))).toBe("expired")
  })

  test("S4 a code without a challenge takes no verifier, and the other way round", async () => {
    const legacy = await issue(newAccount(), { codeChallenge: null })
    expect(await refusal(tokens.redeemCode(redemption(legacy)))).toBe("mismatch")
    const modern = await issue(newAccount())
    expect(await refusal(tokens.redeemCode({ ...redemption(modern), codeVerifier: null }))).toBe("mismatch")
    const { token } = await tokens.redeemCode({ ...redemption(legacy), codeVerifier: null })
    expect(await tokens.verify(token)).not.toBeNull()
  })

  test("junk and codes that never were are refused", async () => {
    expect(await refusal(tokens.redeemCode(redemption("junk")))).toBe("malformed")
    const random = (size: number) => crypto.getRandomValues(new Uint8Array(size))
    const never = mintToken("ac", newAccount(), random)
    expect(await refusal(tokens.redeemCode(redemption(never)))).toBe("unknown")
    const { token } = await signIn(newAccount())
    expect(await refusal(tokens.redeemCode(redemption(token)))).toBe("malformed")
  })

  test("S24 another client is refused, and does not spoil the code", async () => {
    const code = await issue(newAccount(), { clientId: "deploy-tool" })
    expect(await refusal(tokens.redeemCode(redemption(code)))).toBe("mismatch")
    const { session } = await tokens.redeemCode({ ...redemption(code), clientId: "deploy-tool" })
    expect(session.clientId).toBe("deploy-tool")
  })

  test("with a challenge the redirect target need not be said again, without one it must be", async () => {
    const modern = await issue(newAccount())
    expect((await tokens.redeemCode({ ...redemption(modern), redirectUri: null })).token).toMatch(/^alchemy_/)
    const legacy = { ...redemption(await issue(newAccount(), { codeChallenge: null })), codeVerifier: null }
    expect(await refusal(tokens.redeemCode({ ...legacy, redirectUri: null }))).toBe("mismatch")
    expect((await tokens.redeemCode(legacy)).token).toMatch(/^alchemy_/)
  })

  test("a code for a key is redeemed with that key only; its tokens are bound to it", async () => {
    const code = await issue(newAccount(), { keyThumbprint: "key-1" })
    expect(await refusal(tokens.redeemCode(redemption(code)))).toBe("mismatch")
    const other = { ...redemption(code), keyThumbprint: "key-2" }
    expect(await refusal(tokens.redeemCode(other))).toBe("mismatch")
    const { token, session } = await tokens.redeemCode({ ...redemption(code), keyThumbprint: "key-1" })
    expect(session.keyThumbprint).toBe("key-1")
    expect(await tokens.verify(token, "key-1")).toEqual(session)
  })

  test("a code for no key in particular is redeemed with any, or none", async () => {
    const bound = { ...redemption(await issue(newAccount())), keyThumbprint: "key-1" }
    expect((await tokens.redeemCode(bound)).session.keyThumbprint).toBe("key-1")
    expect((await tokens.redeemCode(redemption(await issue(newAccount())))).session.keyThumbprint).toBeNull()
  })

  test("S22 a replay ends a session that has been refreshed since, and all its tokens", async () => {
    const code = await issue(newAccount(), OFFLINE_GRANT)
    const mine = { ...redemption(code), clientId: OFFLINE_GRANT.clientId }
    const first = await withRefreshToken(tokens.redeemCode(mine))
    const second = await tokens.refresh(rotation(first.refreshToken))
    expect(await tokens.verify(second.token)).not.toBeNull()
    expect(await refusal(elsewhere.redeemCode(mine))).toBe("replayed")
    await expectEnded([first, second])
  })

  test("S21 of 100 redemptions of a code with `offline_access`, one gets tokens, and the replays end them", async () => {
    const accountId = newAccount()
    const code = await issue(accountId, { ...OFFLINE_GRANT, codeChallenge: null })
    const mine = { ...redemption(code), clientId: OFFLINE_GRANT.clientId, codeVerifier: null }
    const { granted } = sorted(await atOnce(100, (service) => service.redeemCode(mine)))
    expect(granted).toHaveLength(1)
    // The others were replays: they end it, as RFC 6749 §4.1.2 has it.
    await expectEnded(granted)
    expect(await tokens.listSessions(accountId)).toEqual([])
  })
}
