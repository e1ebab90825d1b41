import { ALCHEMY_CLIENT_ID, ALCHEMY_GRANT, codeChallengeOf, SCOPES } from "@authchemy/protocol"
import { afterEach, expect, vi } from "vitest"
import {
  DevicePollError,
  InvalidGrantError,
  type InvalidGrantReason,
  StoreUnavailableError,
  UserCodeError,
} from "../../errors.ts"
import { createTokenService, type IssuedToken, type TokenService } from "../../token-service.ts"
import type { TokenStore } from "../store.ts"

export const DAY_MS = 86_400_000
export const REDIRECT = "http://127.0.0.1:16424/callback"
export const VERIFIER = "v".repeat(43)
export const OTHER_VERIFIER = "w".repeat(43)
export const DEVICE = { name: "laptop", os: "Linux 6.1", client: "alchemy-cli/1.0.0" }
/** A grant with a refresh token, to a client other than the command. */
export const OFFLINE_GRANT = { clientId: "deploy-tool", scopes: SCOPES } as const

const START = Date.UTC(2026, 10, 23, 22, 5)

export const seconds = (count: number) => count * 1000

/** What the parts of the contract share: two connections to one store, and a clock that only they move. */
export type ContractSetting = Awaited<ReturnType<typeof openSetting>>

/** @param open opens a new connection to the same store each time it is called */
export async function openSetting(open: () => Promise<TokenStore>) {
  /** Milliseconds since the epoch. */
  const clock = { now: START }
  const connect = async (): Promise<TokenService> =>
    createTokenService({ store: await open(), now: () => clock.now })
  const tokens = await connect()
  const elsewhere = await connect()
  let accounts = 0

  return {
    open,
    connect,
    clock,
    tokens,
    elsewhere,
    newAccount: () => `account-${process.pid}-${++accounts}`,

    signIn: (accountId: string, expiresInSeconds = 3600) =>
      tokens.createSession({ ...ALCHEMY_GRANT, accountId, expiresInSeconds, device: DEVICE }),

    signInOffline: (accountId: string, change: Partial<Parameters<TokenService["createSession"]>[0]> = {}) =>
      withRefreshToken(
        tokens.createSession({
          ...OFFLINE_GRANT,
          ...{ accountId, expiresInSeconds: 90 * 86_400, device: DEVICE },
          ...change,
        }),
      ),

    issue: (accountId: string, change: Partial<Parameters<TokenService["issueCode"]>[0]> = {}) =>
      tokens.issueCode({
        ...ALCHEMY_GRANT,
        accountId,
        redirectUri: REDIRECT,
        codeChallenge: codeChallengeOf(VERIFIER),
        device: DEVICE,
        ...change,
      }),

    /** Runs `count` calls at once, in turn over two connections. */
    atOnce: <T>(count: number, call: (service: TokenService) => Promise<T>) =>
      Promise.allSettled(
        Array.from({ length: count }, (_, index) => call(index % 2 === 0 ? tokens : elsewhere)),
      ),

    /** That a session has ended with all that hangs on it, on every connection. */
    expectEnded: async (issued: readonly IssuedToken[]) => {
      for (const service of [tokens, elsewhere]) {
        for (const { token, refreshToken, session } of issued) {
          expect(await service.inspect(token)).toBeNull()
          expect(await service.revoke(token)).toBe(false)
          if (refreshToken !== null) {
            expect(await service.findRefreshSession(refreshToken)).toBeNull()
            expect(await refusal(service.refresh(rotation(refreshToken)))).toBe("unknown")
            expect(await service.revoke(refreshToken)).toBe(false)
          }
          const listed = await service.listSessions(session.accountId)
          expect(listed.map(({ id }) => id)).not.toContain(session.id)
        }
      }
    },

    close: async () => {
      await tokens.close()
      await elsewhere.close()
    },
  }
}

/** What a client sends to redeem a code of `issue`. */
export function redemption(code: string): Parameters<TokenService["redeemCode"]>[0] {
  return {
    code,
    clientId: ALCHEMY_CLIENT_ID,
    redirectUri: REDIRECT,
    codeVerifier: VERIFIER,
    expiresInSeconds: 3600,
    device: {},
  }
}

/** What a client sends to rotate a refresh token of `signInOffline`. */
export function rotation(refreshToken: string): Parameters<TokenService["refresh"]>[0] {
  return {
    refreshToken,
    clientId: OFFLINE_GRANT.clientId,
    scopes: null,
    keyThumbprint: null,
    mayChangeKey: false,
  }
}

/** An issued pair, of which there is a refresh token. */
export async function withRefreshToken(
  issuing: Promise<IssuedToken>,
): Promise<IssuedToken & { refreshToken: string }> {
  const { refreshToken, ...issued } = await issuing
  if (refreshToken === null) throw new Error("no refresh token was issued")
  return { ...issued, refreshToken }
}

/** The `reason` of an `InvalidGrantError`, or the code of another refusal; whatever else comes fails the test. */
export async function refusal(granting: Promise<unknown>): Promise<InvalidGrantReason> {
  const error = await rejection(granting)
  if (!(error instanceof InvalidGrantError)) throw error
  return error.reason
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error("was not refused"),
    (reason: unknown) => reason,
  )
}

/** Of `Promise.allSettled`: what was granted, and the errors of the rest. */
export function sorted<T>(outcomes: readonly PromiseSettledResult<T>[]): {
  granted: T[]
  refused: unknown[]
} {
  const granted: T[] = []
  const refused: unknown[] = []
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") granted.push(outcome.value)
    else refused.push(outcome.reason)
  }
  return { granted, refused }
}

/** What became of a call, in one word or two: `ok`, or why it was refused; whatever else goes wrong fails the test. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error === null) return "ok"
  if (error instanceof DevicePollError) return error.code
  if (error instanceof InvalidGrantError || error instanceof UserCodeError)
    return `${error.code} ${error.reason}`
  throw error
}

/** Makes services on stores, each closed after its test. */
export function closingServices(clock: { now: number }): (store: TokenStore) => TokenService {
  const opened: TokenService[] = []
  afterEach(async () => {
    for (const service of opened.splice(0)) await service.close()
  })
  return (store) => {
    const service = createTokenService({ store, now: () => clock.now })
    opened.push(service)
    return service
  }
}

/** Has a service hold a token in memory, which it does as soon as it has a lease. */
export async function hold(service: TokenService, token: string): Promise<void> {
  await vi.waitFor(async () => {
    expect(await service.verify(token)).not.toBeNull()
    expect(service.verifyHeld(token)).toBeTruthy()
  })
}

/** A store that cannot append to the feed while that is so. */
export function withoutAppending(store: TokenStore, isBroken: () => boolean): TokenStore {
  const { append } = store.feed
  return {
    ...store,
    feed: {
      ...store.feed,
      append: (items) => (isBroken() ? Promise.reject(new StoreUnavailableError("cut off")) : append(items)),
    },
  }
}
