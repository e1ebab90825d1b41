import { ALCHEMY_GRANT, OAUTH_PATHS } from "@authchemy/protocol"
import { type ApiVerifier, createVerifier, StoreUnavailableError, type TokenService } from "@authchemy/tokens"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, ISSUER, openAppUnderTest, STORES } from "../testing.ts"
import { CLIENTS, post, RESOURCE, RESOURCE_BASIC, RESOURCE_SECRET } from "./testing.ts"

/** The app as `fetch`. */
const fetchOf =
  (under: AppUnderTest): typeof fetch =>
  async (url, init) =>
    under.app.request(String(url), init)

/** As `fetchOf`, but that the stream of hints cannot be had. */
const withoutStream = (under: AppUnderTest): typeof fetch => {
  const send = fetchOf(under)
  return async (url, init) =>
    init?.method === "POST" ? send(url, init) : new Response(null, { status: 502 })
}

/** As `fetchOf`, but that answers about tokens are held back while `hold` is called and its result has not been. */
function slowFetch(under: AppUnderTest): { send: typeof fetch; hold(): () => void } {
  const send = fetchOf(under)
  let released = Promise.resolve()
  return {
    send: async (url, init) => {
      const response = await send(url, init)
      if (String(url).endsWith(OAUTH_PATHS.introspect)) await released
      return response
    },
    hold: () => {
      const gate = Promise.withResolvers<void>()
      released = gate.promise
      return gate.resolve
    },
  }
}

async function remoteVerifier(
  under: AppUnderTest,
  send: typeof fetch = fetchOf(under),
): Promise<ApiVerifier> {
  const verifier = await createVerifier({
    issuer: ISSUER,
    clientId: RESOURCE.id,
    clientSecret: RESOURCE_SECRET,
    fetch: send,
    now: () => under.clock.now,
  })
  open.push(verifier)
  return verifier
}

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const closing of open.splice(0)) await closing.close()
})

/** Asks again and again, until it is so. */
async function until(isSo: () => boolean | Promise<boolean>) {
  for (let asked = 0; asked < 1_000; asked++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error("it did not come to be so")
}

async function accountIdOf(under: AppUnderTest, email: string): Promise<string> {
  await under.signIn(email)
  const account = (await under.accounts.administration.list()).find((one) => one.email === email)
  return account?.id ?? ""
}

describe.each(STORES)("a verifier over HTTP on %s", (_, store) => {
  let under: AppUnderTest
  let accountId: string
  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), clients: CLIENTS })
    accountId = await accountIdOf(under, "ann@example.com")
  })
  afterAll(() => under.close())

  const tokenOf = async (changes: { keyThumbprint?: string } = {}) => {
    const grant = { ...ALCHEMY_GRANT, accountId, expiresInSeconds: 600, device: {}, ...changes }
    return (await under.tokens.createSession(grant)).token
  }

  /** Verifies until it is answered from memory. */
  async function hold(verifier: ApiVerifier, token: string) {
    await until(async () => {
      expect(await verifier.verify(token)).not.toBeNull()
      return verifier.verifyHeld(token) !== undefined
    })
  }

  test.each([
    ["", 300, fetchOf],
    [", though nothing is pushed to it", 30, withoutStream],
  ] as const)(
    "S46 what a remote verifier holds is refused in the first call begun after the sign-out%s: %i rounds",
    async (_how, rounds, sendTo) => {
      const verifiers = [
        await remoteVerifier(under, sendTo(under)),
        await remoteVerifier(under, sendTo(under)),
      ]
      for (let round = 0; round < rounds; round++) {
        const token = await tokenOf()
        for (const verifier of verifiers) await hold(verifier, token)
        await under.tokens.revoke(token)
        for (const verifier of verifiers) {
          expect(verifier.verifyHeld(token) ?? null).toBeNull()
          expect(await verifier.verify(token)).toBeNull()
        }
      }
      for (const verifier of verifiers) {
        expect(verifier.stats().verifications.held).toBeGreaterThanOrEqual(rounds)
        expect(verifier.stats().restarts).toBe(0)
      }
    },
    60_000,
  )

  test("S46 reads that run while it is signed out leave nothing in memory", async () => {
    const verifier = await remoteVerifier(under)
    await hold(verifier, await tokenOf())
    for (let round = 0; round < 100; round++) {
      const token = await tokenOf()
      const reading = Array.from({ length: 4 }, () => verifier.verify(token))
      await under.tokens.revoke(token)
      expect(await verifier.verify(token)).toBeNull()
      await Promise.all(reading)
      expect(await verifier.verify(token)).toBeNull()
    }
  })

  test("S46 S52 a verifier that is cut off accepts nothing past its lease, and delays a sign-out no longer", async () => {
    let isCut = false
    const never = (signal: AbortSignal | null | undefined) =>
      new Promise<never>((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))
    const send = fetchOf(under)
    const cut: typeof fetch = async (url, init) => {
      if (isCut) return never(init?.signal)
      const response = await send(url, init)
      return isCut ? never(init?.signal) : response
    }
    const verifier = await remoteVerifier(under, cut)
    for (let round = 0; round < 3; round++) {
      const token = await tokenOf()
      await hold(verifier, token)
      isCut = true
      const began = performance.now()
      await under.tokens.revoke(token)
      expect(verifier.verifyHeld(token)).toBeUndefined()
      expect(performance.now() - began).toBeLessThan(1_500)
      isCut = false
      expect(await verifier.verify(token)).toBeNull()
      await until(() => verifier.isCurrent())
    }
  })

  test("S46 an answer that was under way when the session ended is not believed", async () => {
    const { send, hold: holdBack } = slowFetch(under)
    const verifier = await remoteVerifier(under, send)
    await hold(verifier, await tokenOf())
    const token = await tokenOf()
    const release = holdBack()
    const reading = verifier.verify(token)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await under.tokens.revoke(token)
    release()
    expect(await reading).toBeNull()
    expect(await verifier.verify(token)).toBeNull()
  })

  test("S48 a disabled account is refused from when that is announced, in reads under way too", async () => {
    const { send, hold: holdBack } = slowFetch(under)
    const verifier = await remoteVerifier(under, send)
    const gone = await accountIdOf(under, "gone@example.com")
    const grant = { ...ALCHEMY_GRANT, accountId: gone, expiresInSeconds: 600, device: {} }
    const { token } = await under.tokens.createSession(grant)
    const { token: other } = await under.tokens.createSession(grant)
    await hold(verifier, token)
    const release = holdBack()
    const reading = verifier.verify(other)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await under.accounts.administration.disable("gone@example.com")
    await under.tokens.announce([`account:${gone}`])
    release()
    await reading
    for (const refused of [token, other]) expect(await verifier.verify(refused)).toBeNull()
  })

  test("what is told of a session, and what is not", async () => {
    const verifier = await remoteVerifier(under)
    const token = await tokenOf()
    const session = await under.tokens.verify(token)
    const floor = (ms = 0) => Math.floor(ms / 1000) * 1000
    expect(await verifier.verify(token)).toEqual({
      ...session,
      createdAt: floor(session?.createdAt),
      expiresAt: floor(session?.expiresAt),
      lastUsedAt: under.clock.now,
      device: {},
    })
  })

  test("a token that is bound to a key is no bearer token there either", async () => {
    const verifier = await remoteVerifier(under)
    const token = await tokenOf({ keyThumbprint: "x".repeat(43) })
    expect(await verifier.verify(token)).toBeNull()
    expect(await verifier.verify(token, "x".repeat(43))).toMatchObject({ accountId })
    expect(await verifier.verify(token, "y".repeat(43))).toBeNull()
  })

  test("one that leaves is waited for by nobody", async () => {
    const verifier = await remoteVerifier(under)
    await hold(verifier, await tokenOf())
    const ids = async () =>
      [...(await under.tokens.relay.followers()).keys()].filter((id) => id.includes(":"))
    expect(await ids()).toHaveLength(1)
    await verifier.close()
    expect(await ids()).toEqual([])
  })
})

test("S52 the store out of reach: 503, and no lease", async () => {
  let isGone = false
  const gone = () => {
    if (isGone) throw new StoreUnavailableError(new Error("gone"))
  }
  const under = await openAppUnderTest({
    clients: CLIENTS,
    wrapTokens: (tokens): TokenService => ({
      ...tokens,
      inspect: async (token) => {
        gone()
        return tokens.inspect(token)
      },
      relay: {
        ...tokens.relay,
        renew: async (id, acknowledged) => {
          gone()
          return tokens.relay.renew(id, acknowledged)
        },
      },
    }),
  })
  open.push(under)
  const accountId = await accountIdOf(under, "ann@example.com")
  const grant = { ...ALCHEMY_GRANT, accountId, expiresInSeconds: 600, device: {} }
  const { token } = await under.tokens.createSession(grant)
  const verifier = await remoteVerifier(under)
  await until(async () => (await verifier.verify(token)) !== null && verifier.isCurrent())
  isGone = true
  const answer = await under.app.request(
    OAUTH_PATHS.revocations,
    post({ follower: `${RESOURCE.id}:${"x".repeat(22)}` }, RESOURCE_BASIC),
  )
  expect(answer.status).toBe(503)
  expect(answer.headers.get("retry-after")).toBe("1")
  await until(() => !verifier.isCurrent())
  await expect(verifier.verify(token)).rejects.toBeInstanceOf(StoreUnavailableError)
  isGone = false
  await until(() => verifier.isCurrent())
  expect(await verifier.verify(token)).toMatchObject({ accountId })
})
