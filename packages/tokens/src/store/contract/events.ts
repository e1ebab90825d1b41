import { AsyncLocalStorage } from "node:async_hooks"
import { ALCHEMY_CLIENT_ID, revocationHandleOf } from "@authchemy/protocol"
import { afterEach, expect, test } from "vitest"
import type { EndedSession, TokenEvent } from "../../events.ts"
import { digestOf } from "../../token-format.ts"
import { createTokenService, type Session, type TokenService } from "../../token-service.ts"
import type { TokenStore } from "../store.ts"
import { DEVICE_REQUEST, polling } from "./devices.ts"
import {
  type ContractSetting,
  DEVICE,
  OFFLINE_GRANT,
  outcomeOf,
  REDIRECT,
  redemption,
  rotation,
  seconds,
  withoutAppending,
  withRefreshToken,
} from "./setting.ts"

/** What the engine tells of, on every store. */
export function eventContract(setting: ContractSetting): void {
  const { tokens, elsewhere, clock, newAccount, open } = setting
  const opened: TokenService[] = []
  afterEach(async () => {
    for (const service of opened.splice(0)) await service.close()
  })

  /** A service, and what it tells. */
  const observed = async (change: (store: TokenStore) => TokenStore = (store) => store) => {
    const told: TokenEvent[] = []
    const service = createTokenService({
      store: change(await open()),
      now: () => clock.now,
      observe: (event) => told.push(event),
    })
    opened.push(service)
    return { service, told: () => told.splice(0) }
  }
  const grantTo = (accountId: string) => ({ ...OFFLINE_GRANT, accountId, device: DEVICE })
  const signInTo = (service: TokenService, accountId: string, change: { device?: Session["device"] } = {}) =>
    withRefreshToken(service.createSession({ ...grantTo(accountId), expiresInSeconds: 3600, ...change }))
  const offline = (code: string) => ({ ...redemption(code), clientId: OFFLINE_GRANT.clientId })
  const endedOf = ({ id, accountId, clientId, device }: Session): EndedSession => ({
    ...{ id, accountId, clientId, device },
  })
  const ended = (sessions: Session[], reason = "revoked") => ({
    ...{ type: "ended", reason },
    sessions: sessions.map(endedOf),
  })

  test("a code that is issued is an approval, which its session names", async () => {
    const { service, told } = await observed()
    const accountId = newAccount()
    const { codeVerifier, ...redeeming } = offline("")
    const request = { ...grantTo(accountId), redirectUri: REDIRECT, codeChallenge: null }
    const code = await service.issueCode(request)
    const approvalId = digestOf(code).slice(0, 16)
    const { clientId, scopes, device } = request
    const approved = { type: "approved", accountId, approvalId, clientId, device, scopes }
    expect(told()).toEqual([{ ...approved, expiresAt: clock.now + seconds(60) }])
    const wrong = service.redeemCode({ ...redeeming, code, codeVerifier })
    expect(await outcomeOf(wrong)).toBe("invalid_grant mismatch")
    expect(told()).toEqual([])
    const { session } = await service.redeemCode({ ...redeeming, code, codeVerifier: null })
    expect(told()).toEqual([{ type: "issued", session, approvalId, refreshable: true }])
  })

  test("a device that is approved, and what it gets; one that is denied; and nothing of one that is let go", async () => {
    const { service, told } = await observed()
    const accountId = newAccount()
    const { clientId, scopes, device } = DEVICE_REQUEST
    const { deviceCode, userCode } = await service.requestDevice(DEVICE_REQUEST)
    const { deviceCode: refused, userCode: other } = await service.requestDevice(DEVICE_REQUEST)
    await service.claimDevice(userCode, accountId)
    await service.decideDevice(userCode, accountId, "release")
    expect(await outcomeOf(service.pollDevice(polling(deviceCode)))).toBe("authorization_pending")
    expect(told()).toEqual([])
    await service.decideDevice(userCode, accountId, "approve")
    const approvalId = expect.stringMatching(/^[\w-]{16}$/)
    const approved = { type: "approved", accountId, approvalId, clientId, device, scopes }
    const [approval, ...none] = told()
    expect([approval, ...none]).toEqual([{ ...approved, expiresAt: clock.now + seconds(600) }])
    await service.decideDevice(other, accountId, "deny")
    expect(told()).toEqual([{ type: "denied", accountId, clientId, device }])
    for (const decision of ["approve", "deny"] as const) {
      expect(await outcomeOf(service.decideDevice(other, accountId, decision))).toContain("decided")
    }
    expect(await outcomeOf(service.pollDevice(polling(refused)))).toBe("access_denied")
    expect(told()).toEqual([])
    const { session } = await service.pollDevice(polling(deviceCode))
    const id = approval?.type === "approved" ? approval.approvalId : ""
    expect(told()).toEqual([{ type: "issued", session, approvalId: id, refreshable: false }])
    expect(await outcomeOf(service.pollDevice(polling(deviceCode)))).toBe("invalid_grant replayed")
    expect(told()).toEqual([])
  })

  test("a device that is decided on by another call at the same moment is approved and denied by nobody else", async () => {
    const { service, told } = await observed((store) => ({ ...store, decideDevice: async () => false }))
    const { userCode } = await service.requestDevice(DEVICE_REQUEST)
    for (const decision of ["approve", "deny"] as const) {
      expect(await outcomeOf(service.decideDevice(userCode, "ada", decision))).toContain("decided")
    }
    expect(told()).toEqual([])
  })

  test("a session without an approval; each rotation once; and the end by a reuse, once", async () => {
    const { service, told } = await observed()
    const accountId = newAccount()
    const first = await signInTo(service, accountId)
    expect(told()).toEqual([{ type: "issued", session: first.session, approvalId: null, refreshable: true }])
    let latest = first
    for (let count = 0; count < 3; count++) {
      clock.now += seconds(20)
      const fewer = count === 1 ? (["account:read"] as const) : null
      latest = await withRefreshToken(
        service.refresh({ ...rotation(latest.refreshToken), ...(fewer && { scopes: fewer }) }),
      )
      expect(told()).toEqual([{ type: "refreshed", session: latest.session }])
    }
    const before = latest.refreshToken
    latest = await withRefreshToken(service.refresh(rotation(before)))
    told()
    await service.refresh(rotation(before))
    expect(told()).toEqual([])
    expect(await outcomeOf(service.refresh(rotation(first.refreshToken)))).toBe("invalid_grant replayed")
    expect(told()).toEqual([ended([first.session], "refresh_reused")])
    expect(await outcomeOf(service.refresh(rotation(first.refreshToken)))).toBe("invalid_grant unknown")
    expect(told()).toEqual([])
  })

  test("the end by a code that is presented once more, once", async () => {
    const { service, told } = await observed()
    const request = { ...grantTo(newAccount()), redirectUri: REDIRECT, codeChallenge: null }
    const code = await service.issueCode(request)
    const redeeming = { ...offline(code), codeVerifier: null }
    const { session, refreshToken } = await service.redeemCode(redeeming)
    await service.refresh(rotation(refreshToken ?? ""))
    told()
    for (const expected of [[ended([session], "code_replayed")], []]) {
      expect(await outcomeOf(service.redeemCode(redeeming))).toBe("invalid_grant replayed")
      expect(told()).toEqual(expected)
    }
  })

  test("an end by whatever names a session, once, with what the machine said of itself", async () => {
    const { service, told } = await observed()
    const devices: Session["device"][] = [
      {},
      { name: `"a", ["b"]`, os: "\\", client: "ü 😀" },
      { os: "Linux" },
      DEVICE,
    ]
    const ways: ((issued: Awaited<ReturnType<typeof signInTo>>) => Promise<unknown>)[] = [
      ({ token }) => service.revoke(token),
      ({ refreshToken }) => service.revoke(refreshToken),
      ({ token }) => service.revokeByHandle(revocationHandleOf(token) ?? ""),
      ({ session }) => service.revokeSession(session.accountId, session.id),
    ]
    for (const [index, end] of ways.entries()) {
      const issued = await signInTo(tokens, newAccount(), { device: devices[index] ?? {} })
      const refreshed = await withRefreshToken(service.refresh(rotation(issued.refreshToken)))
      told()
      await end(refreshed)
      expect(told()).toEqual([ended([issued.session])])
      await end(refreshed)
      expect(told()).toEqual([])
    }
  })

  test("the end of all sessions but one, of all, and of a client's: those that lived, together", async () => {
    const { service, told } = await observed()
    const accountId = newAccount()
    const mine = await signInTo(elsewhere, accountId)
    const others = [await signInTo(tokens, accountId), await setting.signIn(accountId)]
    await tokens.createSession({ ...grantTo(accountId), expiresInSeconds: 60 })
    await signInTo(tokens, newAccount())
    clock.now += seconds(61)
    await service.revokeSessions(accountId, { sessionId: mine.session.id })
    expectEndedTogether(
      told(),
      others.map(({ session }) => session),
      "revoked",
    )
    await service.revokeSessions(accountId)
    expect(told()).toEqual([ended([mine.session])])
    await service.revokeSessions(accountId)
    expect(told()).toEqual([])

    const clientId = `observed-${process.pid}-${newAccount()}`
    const both = await Promise.all(
      [newAccount(), newAccount()].map((one) =>
        tokens.createSession({ ...grantTo(one), clientId, expiresInSeconds: 3600 }),
      ),
    )
    await service.revokeClient(clientId)
    expectEndedTogether(
      told(),
      both.map(({ session }) => session),
      "client_removed",
    )
    await service.revokeClient(clientId)
    expect(told()).toEqual([])
  })

  test("approvals that are taken back are told of once, and counted: not those that were used, have expired or are others'", async () => {
    const { service, told } = await observed()
    const [one, other] = ["account-405", "account-6049"] as const
    const approveDevice = async (accountId: string) => {
      const { deviceCode, userCode } = await elsewhere.requestDevice(DEVICE_REQUEST)
      await elsewhere.decideDevice(userCode, accountId, "approve")
      return deviceCode
    }
    const approve = (accountId: string) => Promise.all([setting.issue(accountId), approveDevice(accountId)])
    await approve(one)
    await setting.issue(other)
    clock.now += seconds(60)
    const [used, usedDevice] = await approve(one)
    await tokens.redeemCode(redemption(used))
    await tokens.pollDevice(polling(usedDevice))
    const mine = (await tokens.listSessions(one)).at(-1)
    await setting.issue(one)
    await approveDevice(other)

    // The code of this minute, and the device of the minute before.
    await service.revokeSessions(one, { sessionId: mine?.id ?? "" })
    const voided = (accountId: string, count: number) => ({ type: "approvals_voided", accountId, count })
    expect(told()).toEqual([voided(one, 2), expect.objectContaining({ type: "ended" })])
    await service.revokeSessions(one)
    expect(told()).toEqual([expect.objectContaining({ type: "ended" })])
    await service.revokeSessions(other)
    expect(told()).toEqual([voided(other, 1)])
    await setting.issue(one)
    await service.revokeSessions(one)
    expect(told()).toEqual([voided(one, 1)])
    await approve(one)
    clock.now += seconds(720)
    await service.revokeSessions(one)
    expect(told()).toEqual([])
  })

  test("approvals that are taken back are told of though what ended with them cannot be announced", async () => {
    const { service, told } = await observed((store) => withoutAppending(store, () => true))
    const accountId = newAccount()
    const { session } = await signInTo(tokens, accountId)
    await setting.issue(accountId)
    await expect(service.revokeSessions(accountId)).rejects.toMatchObject({ code: "store_unavailable" })
    expect(told()).toEqual([{ type: "approvals_voided", accountId, count: 1 }, ended([session])])
  })

  test("what has expired has not been ended", async () => {
    const { service, told } = await observed()
    const { token, refreshToken, session } = await signInTo(tokens, newAccount())
    clock.now += seconds(3600)
    await service.revoke(token)
    await service.revoke(refreshToken)
    await service.revokeSession(session.accountId, session.id)
    await service.revokeSessions(session.accountId)
    expect(told()).toEqual([])

    const [code, clientId] = [await setting.issue(newAccount()), `expired-${newAccount()}`]
    await tokens.createSession({ ...grantTo(newAccount()), clientId, expiresInSeconds: 60 })
    await tokens.redeemCode({ ...redemption(code), expiresInSeconds: 60 })
    clock.now += seconds(60)
    expect(await service.revokeClient(clientId)).toBe(0)
    expect(await outcomeOf(service.redeemCode(redemption(code)))).toBe("invalid_grant replayed")
    expect(told()).toEqual([])
  })

  test("a code that is void by the time that it is redeemed has made no session", async () => {
    const { service, told } = await observed((store) => ({
      ...store,
      redeemCode: async (code, creation, now) => {
        await tokens.revokeSessions(code.accountId)
        return store.redeemCode(code, creation, now)
      },
    }))
    const code = await setting.issue(newAccount())
    expect(await outcomeOf(service.redeemCode(redemption(code)))).toBe("invalid_grant unknown")
    expect(told()).toEqual([])
  })

  test("an end is told though it cannot be announced, and not again when it is", async () => {
    let broken = true
    const { service, told } = await observed((store) => withoutAppending(store, () => broken))
    const { token, session } = await signInTo(tokens, newAccount())
    await expect(service.revoke(token)).rejects.toMatchObject({ code: "store_unavailable" })
    expect(told()).toEqual([ended([session])])
    broken = false
    expect(await service.revoke(token)).toBe(false)
    expect(told()).toEqual([])
  })

  test("a rotation is told though what it ends cannot be announced", async () => {
    const { service, told } = await observed((store) => withoutAppending(store, () => true))
    const first = await signInTo(tokens, newAccount())
    const second = await withRefreshToken(tokens.refresh(rotation(first.refreshToken)))
    const rotating = service.refresh(rotation(second.refreshToken))
    await expect(rotating).rejects.toMatchObject({ code: "store_unavailable" })
    expect(told()).toMatchObject([{ type: "refreshed", session: { id: first.session.id } }])
  })

  test("whoever listens is called in the context of the call, and breaks nothing by what it throws", async () => {
    const context = new AsyncLocalStorage<string>()
    const heard: string[] = []
    const errors: Error[] = []
    const service = createTokenService({
      store: await open(),
      now: () => clock.now,
      observe: ({ type }) => {
        heard.push(`${context.getStore()} ${type}`)
        throw new Error(`no ${type}`)
      },
      onError: (error) => errors.push(error),
    })
    opened.push(service)
    const accountId = newAccount()
    const during = <T>(name: string, call: () => Promise<T>) => context.run(name, call)
    const work = async (name: string) => {
      const { deviceCode, userCode } = await service.requestDevice(DEVICE_REQUEST)
      await during(`${name} deciding`, () => service.decideDevice(userCode, accountId, "approve"))
      const { token } = await during(`${name} polling`, () => service.pollDevice(polling(deviceCode)))
      const { refreshToken } = await signInTo(service, accountId)
      await during(`${name} refreshing`, () => service.refresh(rotation(refreshToken)))
      expect(await during(`${name} ending`, () => service.revoke(token))).toBe(true)
    }
    await Promise.all([work("one"), work("another")])
    expect(await during("all", () => service.revokeSessions(accountId))).toBe(2)
    const expected = ["one", "another"].flatMap((name) => [
      ...[`${name} deciding approved`, `${name} polling issued`, "undefined issued"],
      ...[`${name} refreshing refreshed`, `${name} ending ended`],
    ])
    expect(heard.sort()).toEqual([...expected, "all ended"].sort())
    expect(errors.map(({ message }) => message).sort()).toEqual(
      [...expected, "all ended"].map((text) => `no ${text.split(" ").at(-1)}`).sort(),
    )
  })

  test("sessions of the command are ended as its own", async () => {
    const { service, told } = await observed()
    const { token, session } = await setting.signIn(newAccount())
    await service.revoke(token)
    expect(session.clientId).toBe(ALCHEMY_CLIENT_ID)
    expect(told()).toEqual([ended([session])])
  })

  /** That these ended, in whatever order, each once. */
  function expectEndedTogether(told: TokenEvent[], sessions: Session[], reason: string): void {
    const all = told.flatMap((event) => (event.type === "ended" ? event.sessions : []))
    expect(told.map((event) => event.type === "ended" && event.reason)).toEqual(told.map(() => reason))
    const sortedById = (list: readonly EndedSession[]) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1))
    expect(sortedById(all)).toEqual(sortedById(sessions.map(endedOf)))
  }
}
