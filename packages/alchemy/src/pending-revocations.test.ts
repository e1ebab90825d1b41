import type { CredentialStore, UnfinishedSignIn } from "@authchemy/cli-sign-in/credentials"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { CommandContext } from "./command.ts"
import { deliverPendingRevocations, isAnythingPending } from "./pending-revocations.ts"
import { NOBODY } from "./testing.ts"
import { NOW } from "./testing-server.ts"

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const PENDING = { handle: `tAg9.${"d".repeat(43)}`, server: NOBODY, expiresAt: null, since: "" }

/** A command whose configuration holds one sign-out that the server confirms; `forgotten` is when that has been written. */
function command(forgotten: Promise<void>) {
  let written = () => {}
  const writing = new Promise<void>((resolve) => {
    written = resolve
  })
  const store: Partial<CredentialStore> = {
    pendingRevocations: async () => [PENDING],
    unfinishedSignIns: async () => [],
    forgetPendingRevocations: () => {
      written()
      return forgotten
    },
  }
  const context = {
    config: async () => ({ store }),
    fetch: async () => new Response('{"revoked":true}'),
    now: () => NOW,
    serverNow: () => NOW,
    signal: new AbortController().signal,
    report: { note: () => {}, style: { green: String } },
  }
  return { context: context as unknown as CommandContext, writing }
}

test("a command that is done lets a write finish that a delivery has begun, for a moment", async () => {
  let forget = () => {}
  const { context, writing } = command(
    new Promise((resolve) => {
      forget = resolve
    }),
  )
  const finish = deliverPendingRevocations(context)
  await writing
  let over = false
  const finished = finish().then(() => {
    over = true
  })
  await vi.advanceTimersByTimeAsync(60)
  expect(over).toBe(false)
  forget()
  await finished

  const stuck = command(new Promise(() => {}))
  const finishStuck = deliverPendingRevocations(stuck.context)
  await stuck.writing
  const gaveUp = finishStuck()
  await vi.advanceTimersByTimeAsync(300)
  await gaveUp
})

test("a request that is not answered is given up after 50 ms", async () => {
  const { context } = command(Promise.resolve())
  const unanswered: typeof fetch = (_target, init) =>
    new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)))
  const finish = deliverPendingRevocations({ ...context, fetch: unanswered })
  let over = false
  const finished = finish().then(() => {
    over = true
  })
  await vi.advanceTimersByTimeAsync(49)
  expect(over).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(over).toBe(true)
  await finished
})

test("what could be tried without a person is pending; a sign-in that somebody is to finish once its code has expired", async () => {
  const at = (milliseconds: number) => new Date(NOW + milliseconds).toISOString()
  const note = (more: object) => ({ id: "n", server: NOBODY, since: at(0), codeVerifier: "v", ...more })
  const device = { kind: "device", deviceCode: "d", intervalMs: 5000 }
  const handedOut = { profile: "default", userCode: "WDJB-MJHT" }
  for (const [one, expected] of [
    [note({ kind: "code", code: "c", redirectUri: "r" }), true],
    [note({ kind: "code", code: "c", redirectUri: "r", lost: true }), false],
    [note({ ...device, expiresAt: at(60_000) }), true],
    [note({ ...device, expiresAt: at(60_000), handedOut }), false],
    [note({ ...device, expiresAt: at(-1), handedOut }), true],
    [note({ ...device, expiresAt: at(-1), handedOut, lost: true }), false],
  ] as const) {
    const store = {
      pendingRevocations: async () => [],
      unfinishedSignIns: async () => [one as unknown as UnfinishedSignIn],
    }
    expect(await isAnythingPending(store as unknown as CredentialStore, NOW), JSON.stringify(one)).toBe(
      expected,
    )
  }
})
