import { randomBytes } from "node:crypto"
import { ALCHEMY_CLIENT_ID } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { formatToken, secretOf, tagOf } from "../../token-format.ts"
import { createTokenService } from "../../token-service.ts"
import { type ContractSetting, refusal, rotation, seconds, withRefreshToken } from "./setting.ts"

/** Refresh tokens that come again (RFC 9700 §4.14.2), on every store. */
export function replayContract(setting: ContractSetting): void {
  const { tokens, elsewhere, clock, newAccount, signInOffline, expectEnded, open } = setting
  const refresh = (refreshToken: string) => withRefreshToken(tokens.refresh(rotation(refreshToken)))

  test("within ten seconds the same tokens are given again, on every connection", async () => {
    const first = await signInOffline(newAccount())
    const second = await refresh(first.refreshToken)
    clock.now += seconds(10) - 1
    expect(await withRefreshToken(elsewhere.refresh(rotation(first.refreshToken)))).toEqual(second)
    // Whatever is asked for, it is the answer to the first question.
    const narrower = { ...rotation(first.refreshToken), scopes: ["apps:read"] as const }
    expect(await elsewhere.refresh(narrower)).toEqual(second)
    expect(await tokens.verify(first.token)).not.toBeNull()
    await refresh(second.refreshToken)
  })

  test("S22 after ten seconds it is a replay, and the session ends with all its tokens", async () => {
    const first = await signInOffline(newAccount())
    const second = await refresh(first.refreshToken)
    clock.now += seconds(10)
    expect(await refusal(elsewhere.refresh(rotation(first.refreshToken)))).toBe("replayed")
    await expectEnded([first, second])
  })

  test("S22 when its successor has been used it is a replay, within ten seconds too", async () => {
    const first = await signInOffline(newAccount())
    const second = await refresh(first.refreshToken)
    const third = await refresh(second.refreshToken)
    expect(await refusal(refresh(first.refreshToken))).toBe("replayed")
    await expectEnded([first, second, third])
  })

  test("S22 a token that is 50 rotations old is known as one", async () => {
    const first = await signInOffline(newAccount())
    let last = first
    for (let count = 0; count < 50; count++) {
      clock.now += seconds(60)
      last = await refresh(last.refreshToken)
    }
    expect(last.session.id).toBe(first.session.id)
    expect((await tokens.findRefreshSession(first.refreshToken))?.id).toBe(first.session.id)
    expect(await refusal(refresh(first.refreshToken))).toBe("replayed")
    await expectEnded([first, last])
  })

  test("S51 a clock that is set back an hour makes no replay good", async () => {
    const first = await signInOffline(newAccount())
    const second = await refresh(first.refreshToken)
    const slow = createTokenService({ store: await open(), now: () => clock.now - seconds(3600) })
    expect(await refusal(slow.refresh(rotation(first.refreshToken)))).toBe("replayed")
    await slow.close()
    await expectEnded([first, second])
  })

  test("S22 a forged token of the right family is a replay, by the right client only, and is never good", async () => {
    const first = await signInOffline(newAccount())
    const tag = tagOf(first.session.accountId)
    const secret = secretOf(first.refreshToken) ?? Buffer.alloc(0)
    const forged = formatToken("rt", tag, Buffer.concat([secret.subarray(0, 16), randomBytes(16)]))
    const stranger = { ...rotation(forged), clientId: ALCHEMY_CLIENT_ID }
    expect(await refusal(tokens.refresh(stranger))).toBe("mismatch")
    expect(await tokens.verify(first.token)).not.toBeNull()
    expect(await refusal(tokens.refresh(rotation(forged)))).toBe("replayed")
    await expectEnded([first])
  })

  test("S47 what has only the other half, or another tag, or another kind, is nothing at all", async () => {
    const first = await signInOffline(newAccount())
    const secret = secretOf(first.refreshToken) ?? Buffer.alloc(0)
    const tag = tagOf(first.session.accountId)
    const halves = Buffer.concat([randomBytes(16), secret.subarray(16)])
    expect(await refusal(refresh(formatToken("rt", tag, halves)))).toBe("unknown")
    const otherTag = tag === "0000" ? "0001" : "0000"
    expect(await refusal(refresh(formatToken("rt", otherTag, secret)))).toBe("unknown")
    for (const kind of ["at", "ac", "dc", "ak"] as const) {
      const confused = formatToken(kind, tag, secret)
      expect(await refusal(refresh(confused))).toBe("malformed")
      expect(await tokens.inspect(confused)).toBeNull()
      expect(await tokens.revoke(confused)).toBe(false)
    }
    expect(await tokens.verify(first.token)).not.toBeNull()
    await refresh(first.refreshToken)
  })
}
