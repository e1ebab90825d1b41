import { ALCHEMY_CLIENT_ID, type DeviceClaims } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { StoreUnavailableError } from "../../errors.ts"
import type { IssuedToken } from "../../token-service.ts"
import {
  type ContractSetting,
  closingServices,
  hold,
  rotation,
  withoutAppending,
  withRefreshToken,
} from "./setting.ts"

/** The end of all sessions of a client, as every store must bring it about. */
export function clientContract(setting: ContractSetting): void {
  const { tokens, elsewhere, newAccount, signIn, signInOffline, open, clock } = setting

  const serviceOn = closingServices(clock)
  let clients = 0
  const newClient = () => `client-${process.pid}-${++clients}`
  const signInTo = (clientId: string, device: DeviceClaims = {}, accountId = newAccount()) =>
    tokens.createSession({
      ...{ accountId, clientId, device },
      scopes: ["account:read"],
      expiresInSeconds: 3600,
    })
  const expectAlive = async (issued: readonly IssuedToken[]) => {
    for (const service of [tokens, elsewhere]) {
      for (const { token } of issued) expect(await service.inspect(token)).not.toBeNull()
    }
  }

  test("S48 all sessions of a client end, of all accounts, with all that hangs on them, and those of no other client", async () => {
    const [clientId, another] = [newClient(), newClient()]
    const accountId = newAccount()
    const first = await signInOffline(accountId, { clientId })
    const rotated = await withRefreshToken(tokens.refresh({ ...rotation(first.refreshToken), clientId }))
    const doomed = [first, rotated, await signInTo(clientId, {}, accountId)]
    const spared = [await signIn(accountId), await signInOffline(accountId, { clientId: another })]
    for (let count = 0; count < 30; count++) {
      doomed.push(await signInTo(clientId))
      if (count % 10 === 0) spared.push(await signInTo(another), await signInTo(`${clientId}-`))
    }
    expect(await tokens.revokeClient(clientId)).toBe(doomed.length - 1)
    await setting.expectEnded(doomed)
    await expectAlive(spared)
    expect(await elsewhere.revokeClient(clientId)).toBe(0)
    expect(await tokens.revokeClient(newClient())).toBe(0)
    await expectAlive(spared)
  })

  test("S46 what another process holds in memory is refused by the first call after it", async () => {
    const clientId = newClient()
    const issued = await Promise.all(Array.from({ length: 20 }, () => signInTo(clientId)))
    const other = await signInTo(newClient())
    for (const { token } of [...issued, other]) await hold(elsewhere, token)
    expect(await tokens.revokeClient(clientId)).toBe(issued.length)
    for (const { token } of issued) expect(elsewhere.verifyHeld(token) ?? null).toBeNull()
    for (const { token } of issued) expect(await elsewhere.verify(token)).toBeNull()
    expect(await elsewhere.verify(other.token)).not.toBeNull()
  })

  test("S47 a client is told by its id alone, whatever machines say of themselves", async () => {
    const clientId = newClient()
    const claims: DeviceClaims[] = [
      {},
      { name: clientId, os: clientId, client: clientId },
      { name: `a","b","c","${clientId}"]`, os: "\\", client: `\\","${clientId}` },
      { name: '"', os: `\\"`, client: `,"${clientId}"]` },
      { name: "ü 😀 \ud800 \u0000 \n", os: "[", client: "]" },
    ]
    const spared: IssuedToken[] = []
    const doomed: IssuedToken[] = []
    for (const device of claims) {
      spared.push(await signInTo(ALCHEMY_CLIENT_ID, device), await signInTo(`x${clientId}`, device))
      doomed.push(await signInTo(clientId, device))
    }
    expect(await tokens.revokeClient(clientId)).toBe(doomed.length)
    await setting.expectEnded(doomed)
    await expectAlive(spared)
  })

  test("the command's own client is one like the others", async () => {
    const device = { name: "laptop", os: "Linux", client: "alchemy-cli" }
    const doomed = [await signInTo(ALCHEMY_CLIENT_ID), await signInTo(ALCHEMY_CLIENT_ID, device)]
    const spared = [await signInTo(newClient()), await signInTo(newClient(), device)]
    expect(await tokens.revokeClient(ALCHEMY_CLIENT_ID)).toBeGreaterThanOrEqual(doomed.length)
    await setting.expectEnded(doomed)
    await expectAlive(spared)
  })

  test("what has expired is not counted", async () => {
    const clientId = newClient()
    await tokens.createSession({
      ...{ accountId: newAccount(), clientId, scopes: [], device: {} },
      expiresInSeconds: 60,
    })
    clock.now += 61_000
    await signInTo(clientId)
    expect(await tokens.revokeClient(clientId)).toBe(1)
  })

  test("each batch is forgotten everywhere before the next one; cut off halfway and done again, it ends the rest, and the first half is forgotten, too", async () => {
    const clientId = newClient()
    const issued: IssuedToken[] = []
    // Two accounts' tags are the same by chance only: so these are several batches on Redis, and two on SQLite.
    await Promise.all(Array.from({ length: 450 }, async () => issued.push(await signInTo(clientId))))
    for (const { token } of issued) await elsewhere.verify(token)
    const store = await open()
    const append = store.feed.append
    let announced = 0
    let mayAnnounce = 1
    const failing = serviceOn({
      ...store,
      feed: {
        ...store.feed,
        append: (items) => {
          if (announced >= mayAnnounce) return Promise.reject(new StoreUnavailableError("cut off"))
          announced++
          return append(items)
        },
      },
    })
    const living = async () => {
      const found = await Promise.all(issued.map(({ token }) => tokens.inspect(token)))
      return found.filter((one) => one !== null).length
    }
    await expect(failing.revokeClient(clientId)).rejects.toThrow(StoreUnavailableError)
    const left = await living()
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(issued.length)
    mayAnnounce = Number.POSITIVE_INFINITY
    expect(await failing.revokeClient(clientId)).toBe(left)
    for (const { token } of issued) expect(elsewhere.verifyHeld(token) ?? null).toBeNull()
    for (const { token } of issued) expect(await elsewhere.verify(token)).toBeNull()
    expect(await living()).toBe(0)
  })

  test("one whose end could not be announced is announced when that is asked for again, though nothing is left to end", async () => {
    let broken = true
    const failing = serviceOn(withoutAppending(await open(), () => broken))
    // It is told nothing, and cannot ask: what it holds is held until its lease is over.
    let deaf = false
    const held = await open()
    const holder = serviceOn({
      ...held,
      feed: {
        ...held.feed,
        listen: async () => {},
        renew: (...asked) =>
          deaf ? Promise.reject(new StoreUnavailableError("cut off")) : held.feed.renew(...asked),
      },
    })
    const clientId = newClient()
    const { token } = await signInTo(clientId)
    await hold(holder, token)
    deaf = true
    await expect(failing.revokeClient(clientId)).rejects.toThrow(StoreUnavailableError)
    expect(holder.verifyHeld(token)).toBeTruthy()
    broken = false
    expect(await failing.revokeClient(clientId)).toBe(0)
    expect(holder.verifyHeld(token) ?? null).toBeNull()
    expect(await holder.verify(token)).toBeNull()
  })
}
