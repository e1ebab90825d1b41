import { ALCHEMY_CLIENT_ID, ALCHEMY_GRANT, codeChallengeOf, revocationHandleOf } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { InvalidGrantError, type InvalidGrantReason } from "../errors.ts"
import { mintToken, tagOf } from "../token-format.ts"
import { createTokenService, type TokenService } from "../token-service.ts"
import type { TokenStore } from "./store.ts"

const DAY_MS = 86_400_000
const START = Date.UTC(2026, 10, 23, 22, 5)
const REDIRECT = "http://127.0.0.1:16424/callback"
const VERIFIER = "v".repeat(43)
const DEVICE = { name: "laptop", os: "Linux 6.1", client: "alchemy-cli/1.0.0" }

/**
 * What every store must do, races included. Run on each store by its own test file.
 * @param open opens a new connection to the same store each time it is called
 */
export function describeTokenStore(name: string, open: () => Promise<TokenStore>): void {
  describe(`token store: ${name}`, () => {
    let tokens: TokenService
    let elsewhere: TokenService
    let clock = START
    let accounts = 0
    const newAccount = () => `account-${process.pid}-${++accounts}`
    const seconds = (count: number) => count * 1000

    beforeAll(async () => {
      tokens = createTokenService({ store: await open(), now: () => clock })
      elsewhere = createTokenService({ store: await open(), now: () => clock })
    })
    afterAll(async () => {
      await tokens.close()
      await elsewhere.close()
    })

    const issue = (accountId: string, change: { codeChallenge?: string | null } = {}) =>
      tokens.issueCode({
        ...ALCHEMY_GRANT,
        accountId,
        redirectUri: REDIRECT,
        codeChallenge: codeChallengeOf(VERIFIER),
        device: DEVICE,
        ...change,
      })
    const redemption = (code: string) => ({
      code,
      clientId: ALCHEMY_CLIENT_ID,
      redirectUri: REDIRECT,
      codeVerifier: VERIFIER as string | null,
      expiresInSeconds: 3600,
      device: {},
    })
    const signIn = (accountId: string, expiresInSeconds = 3600) =>
      tokens.createSession({ ...ALCHEMY_GRANT, accountId, expiresInSeconds, device: DEVICE })
    const refusal = async (redeemed: Promise<unknown>): Promise<InvalidGrantReason> => {
      const error = await redeemed.then(
        () => new Error("redeemed"),
        (reason) => reason,
      )
      if (!(error instanceof InvalidGrantError)) throw error
      return error.reason
    }

    describe("codes", () => {
      test("a code becomes a token that every connection to the store knows", async () => {
        const accountId = newAccount()
        const { token, session } = await tokens.redeemCode(redemption(await issue(accountId)))
        expect(session).toEqual({
          id: expect.stringMatching(/^[\w-]{16}$/),
          ...ALCHEMY_GRANT,
          accountId,
          device: DEVICE,
          keyThumbprint: null,
          createdAt: clock,
          lastUsedAt: clock,
          expiresAt: clock + seconds(3600),
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
        clock += seconds(90)
        expect(await refusal(tokens.redeemCode(redemption(code)))).toBe("replayed")
        expect(await tokens.verify(token)).toBeNull()
      })

      test("S22 a replay without the verifier changes nothing", async () => {
        const code = await issue(newAccount())
        const { token } = await tokens.redeemCode(redemption(code))
        const stranger = { ...redemption(code), codeVerifier: "w".repeat(43) }
        expect(await refusal(tokens.redeemCode(stranger))).toBe("mismatch")
        expect(await refusal(tokens.redeemCode({ ...stranger, codeVerifier: null }))).toBe("mismatch")
        expect(await tokens.verify(token)).not.toBeNull()
      })

      test("S23 a wrong verifier is refused and does not spoil the code", async () => {
        const code = await issue(newAccount())
        const wrong = { ...redemption(code), codeVerifier: "w".repeat(43) }
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
        clock += seconds(59)
        await tokens.redeemCode(redemption(inTime))
        clock += seconds(2)
        expect(await refusal(tokens.redeemCode(redemption(late)))).toBe("expired")
      })

      test("S4 a code without a challenge takes no verifier, and the other way round", async () => {
        const legacy = await issue(newAccount(), { codeChallenge: null })
        expect(await refusal(tokens.redeemCode(redemption(legacy)))).toBe("mismatch")
        const modern = await issue(newAccount())
        expect(await refusal(tokens.redeemCode({ ...redemption(modern), codeVerifier: null }))).toBe(
          "mismatch",
        )
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
    })

    describe("sessions", () => {
      test("S51 a session is good until the second it expires, and not after", async () => {
        const { token } = await signIn(newAccount(), 90 * 86_400)
        const issuedAt = clock
        clock = issuedAt + 90 * DAY_MS - 1000
        expect(await tokens.verify(token)).not.toBeNull()
        clock = issuedAt + 90 * DAY_MS
        expect(await tokens.verify(token)).toBeNull()
        expect(await tokens.revoke(token)).toBe(false)
      })

      test("what has expired is neither listed nor counted", async () => {
        const accountId = newAccount()
        await signIn(accountId, 60)
        const { session } = await signIn(accountId, 3600)
        clock += seconds(61)
        expect(await tokens.listSessions(accountId)).toEqual([session])
        expect(await tokens.revokeSessions(accountId)).toBe(1)
      })

      test("an account's sessions are listed, the newest first, and nobody else's", async () => {
        const accountId = newAccount()
        const first = (await signIn(accountId)).session
        clock += seconds(1)
        const second = (await signIn(accountId)).session
        await signIn(newAccount())
        expect(await elsewhere.listSessions(accountId)).toEqual([second, first])
      })

      test("one is ended by its id, by its own account only", async () => {
        const accountId = newAccount()
        const { token, session } = await signIn(accountId)
        const other = await signIn(accountId)
        expect(await tokens.revokeSession(newAccount(), session.id)).toBe(false)
        expect(await tokens.revokeSession(accountId, "no-such-session-")).toBe(false)
        expect(await tokens.verify(token)).not.toBeNull()
        expect(await tokens.revokeSession(accountId, session.id)).toBe(true)
        expect(await elsewhere.verify(token)).toBeNull()
        expect(await tokens.revokeSession(accountId, session.id)).toBe(false)
        expect(await tokens.listSessions(accountId)).toEqual([other.session])
      })

      test("S47 two accounts that share a tag do not reach each other's sessions", async () => {
        const [one, other] = ["account-405", "account-6049"] as const
        expect(tagOf(one)).toBe(tagOf(other))
        const [mine, theirs] = [await signIn(one), await signIn(other)]
        expect(await tokens.listSessions(one)).toEqual([mine.session])
        expect(await tokens.revokeSession(one, theirs.session.id)).toBe(false)
        expect(await tokens.revokeSessions(one)).toBe(1)
        expect(await tokens.verify(mine.token)).toBeNull()
        expect(await tokens.verify(theirs.token)).toEqual(theirs.session)
        expect(await tokens.revokeSessions(other)).toBe(1)
      })

      test("all others are ended, then all", async () => {
        const accountId = newAccount()
        const issued = await Promise.all(Array.from({ length: 5 }, () => signIn(accountId)))
        const [mine, ...others] = issued
        if (mine === undefined) throw new Error("no session")
        expect(await tokens.revokeSessions(accountId, { sessionId: mine.session.id })).toBe(4)
        for (const { token } of others) expect(await elsewhere.verify(token)).toBeNull()
        expect(await tokens.verify(mine.token)).not.toBeNull()
        expect(await tokens.revokeSessions(accountId)).toBe(1)
        expect(await tokens.verify(mine.token)).toBeNull()
        expect(await tokens.listSessions(accountId)).toEqual([])
      })

      test("S46 a call that starts after the revocation is refused, on every connection", async () => {
        const { token } = await signIn(newAccount())
        expect(await tokens.revoke(token)).toBe(true)
        expect(await tokens.verify(token)).toBeNull()
        expect(await elsewhere.verify(token)).toBeNull()
        expect(await elsewhere.revoke(token)).toBe(false)
      })

      test("of 50 revocations of one token at once, one ended it", async () => {
        const { token } = await signIn(newAccount())
        const ended = await Promise.all(
          Array.from({ length: 50 }, (_, index) => (index % 2 ? tokens : elsewhere).revoke(token)),
        )
        expect(ended.filter(Boolean)).toHaveLength(1)
      })

      test("S47 what is unknown or foreign ends nothing", async () => {
        const { token, session } = await signIn(newAccount())
        const forged = `${token.slice(0, -7)}${token.at(-7) === "0" ? "1" : "0"}${token.slice(-6)}`
        for (const text of [forged, "", "alchemy_at_", "x".repeat(64)]) {
          expect(await tokens.revoke(text)).toBe(false)
          expect(await tokens.verify(text)).toBeNull()
        }
        expect(await tokens.verify(token)).toEqual(session)
      })

      test("the revocation handle ends the session and does nothing else", async () => {
        const { token } = await signIn(newAccount())
        const handle = revocationHandleOf(token) ?? ""
        expect(await tokens.verify(handle)).toBeNull()
        expect(await tokens.revoke(handle)).toBe(false)
        expect(await tokens.revokeByHandle(`${handle.slice(0, 5)}${"A".repeat(43)}`)).toBe(false)
        expect(await tokens.revokeByHandle(`zzzz${handle.slice(4)}`)).toBe(false)
        expect(await tokens.revokeByHandle("junk")).toBe(false)
        expect(await tokens.verify(token)).not.toBeNull()
        expect(await tokens.revokeByHandle(handle)).toBe(true)
        expect(await elsewhere.verify(token)).toBeNull()
        expect(await tokens.revokeByHandle(handle)).toBe(false)
      })

      test("a use is noted at most once a minute, and never backwards", async () => {
        const accountId = newAccount()
        const service = createTokenService({ store: await open(), now: () => clock })
        const { token, session } = await signIn(accountId)
        const lastUse = async () => (await elsewhere.listSessions(accountId))[0]?.lastUsedAt
        clock = session.createdAt + seconds(59)
        await service.verify(token)
        await service.close()
        expect(await lastUse()).toBe(session.createdAt)

        const later = createTokenService({ store: await open(), now: () => clock })
        clock = session.createdAt + seconds(61)
        await Promise.all(Array.from({ length: 20 }, () => later.verify(token)))
        await later.close()
        expect(await lastUse()).toBe(session.createdAt + seconds(61))

        const store = await open()
        const slow = createTokenService({ store, now: () => session.createdAt + seconds(30) })
        await slow.verify(token)
        await slow.close()
        expect(await lastUse()).toBe(session.createdAt + seconds(61))
      })

      test("a use that is noted while the session ends does not bring it back", async () => {
        for (let round = 0; round < 20; round++) {
          const { token } = await signIn(newAccount())
          clock += seconds(61)
          await Promise.all([tokens.verify(token), elsewhere.revoke(token), tokens.verify(token)])
          expect(await tokens.verify(token)).toBeNull()
        }
      })

      test("S49 a sign-in during `revoke all` is either listed or refused", async () => {
        for (let round = 0; round < 20; round++) {
          const accountId = newAccount()
          const [issued] = await Promise.all([
            Promise.all(Array.from({ length: 10 }, () => signIn(accountId))),
            elsewhere.revokeSessions(accountId),
          ])
          const listed = new Set((await tokens.listSessions(accountId)).map(({ id }) => id))
          for (const { token, session } of issued) {
            expect((await tokens.verify(token)) !== null).toBe(listed.has(session.id))
          }
        }
      })

      test("the store says that it is ready", async () => {
        await expect(tokens.ready()).resolves.toBeUndefined()
      })
    })
  })
}
