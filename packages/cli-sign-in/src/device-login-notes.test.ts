import { expect, test } from "vitest"
import { beginDeviceLogin, completeDeviceLogin, performDeviceLogin } from "./device-login.ts"
import type { LoginOptions } from "./login.ts"
import {
  noteTaker,
  PENDING,
  pausingClock,
  refuseWith,
  startDeviceServer,
  TOKEN,
  TOKEN_GIVEN,
} from "./testing.ts"

const CLIENT = { client: "cli/1.0.0", device: { name: "laptop", os: "Linux" } }

/** A sign-in that is noted; `polled` is what was noted when each poll came. */
async function signIn(polls: Parameters<typeof startDeviceServer>[0], options: Partial<LoginOptions> = {}) {
  const { notes, noted, log } = noteTaker()
  const seen: number[] = []
  const server = await startDeviceServer(
    polls.map((poll) => (...args) => {
      seen.push(noted.size)
      poll(...args)
    }),
  )
  const { now, delay } = pausingClock()
  const result = performDeviceLogin({
    authUrl: server.url,
    ...CLIENT,
    ...{ now, delay, notes },
    save: async (login) => void noted.delete(login.attemptId),
    ...options,
  })
  result.catch(() => {})
  return { result, server, noted, log, seen }
}

test("noted with all that a later process needs before the first poll, and erased in the step that saves", async () => {
  const { result, server, noted, log, seen } = await signIn([PENDING, TOKEN_GIVEN])
  const login = await result
  expect(seen).toEqual([1, 1])
  expect(log).toEqual([
    {
      kind: "device",
      id: login.attemptId,
      server: server.url,
      since: "2026-11-24T12:00:00.000Z",
      codeVerifier: new URLSearchParams(server.polls()[0]?.body).get("code_verifier"),
      deviceCode: "the-device-code",
      expiresAt: "2026-11-24T12:10:00.000Z",
      intervalMs: 5000,
    },
  ])
  expect(noted.size).toBe(0)
})

test("a note that cannot be made: no poll, and nobody is shown a code", async () => {
  const cause = new Error("disk full")
  const events: unknown[] = []
  const { notes } = noteTaker({ note: cause })
  const { result, server } = await signIn([TOKEN_GIVEN], { notes, onEvent: (event) => events.push(event) })
  await expect(result).rejects.toMatchObject({ code: "storage", cause })
  expect([server.polls(), events]).toEqual([[], []])
})

test.each(["access_denied", "expired_token", "invalid_grant"])(
  "%s: no session is left, nor a note",
  async (error) => {
    const { result, noted } = await signIn([PENDING, refuseWith(error)])
    await expect(result).rejects.toThrow()
    expect(noted.size).toBe(0)
  },
)

test("not approved in time, or aborted between two polls: no session is left, nor a note", async () => {
  const late = await signIn([PENDING], { timeoutMs: 10_000 })
  await expect(late.result).rejects.toMatchObject({ code: "timeout" })
  const controller = new AbortController()
  const { noted, ...stopped } = await signIn([PENDING], {
    signal: controller.signal,
    delay: async () => controller.abort(),
  })
  await expect(stopped.result).rejects.toMatchObject({ code: "aborted" })
  expect([late.noted.size, noted.size]).toEqual([0, 0])
})

test("a last poll without an answer may have brought a session: the note stays", async () => {
  const silent = await signIn([PENDING, (response) => response.destroy()], { timeoutMs: 30_000 })
  await expect(silent.result).rejects.toMatchObject({ code: "timeout" })
  const controller = new AbortController()
  const aborted = await signIn([() => controller.abort()], { signal: controller.signal })
  await expect(aborted.result).rejects.toMatchObject({ code: "aborted" })
  expect([silent.noted.size, aborted.noted.size]).toEqual([1, 1])
})

test("an answer that is no answer may have held a token: the note stays", async () => {
  const { result, noted } = await signIn([(response) => response.end("<html>")])
  await expect(result).rejects.toMatchObject({ code: "bad_response" })
  expect(noted.size).toBe(1)
})

test("an answer that was lost is noted as that", async () => {
  const { result, noted } = await signIn([refuseWith("server_error", 503), refuseWith("invalid_grant")])
  await expect(result).rejects.toMatchObject({ code: "network" })
  expect([...noted.values()]).toMatchObject([{ lost: true }])
})

test("a note that cannot be changed does not hide what happened", async () => {
  for (const polls of [
    [refuseWith("access_denied")],
    [refuseWith("server_error", 503), refuseWith("invalid_grant")],
  ]) {
    const taker = noteTaker({ forget: new Error("disk full") })
    const broken = async (...args: Parameters<typeof taker.notes.note>) => {
      if (args[0].lost) throw new Error("disk full")
    }
    const { result } = await signIn(polls, { notes: { ...taker.notes, note: broken } })
    await expect(result).rejects.toMatchObject({ code: polls.length === 1 ? "denied" : "network" })
  }
})

test("a token that cannot be saved: the note goes with its session; else what can end it is owed; else the note stays", async () => {
  const save = () => Promise.reject(new Error("disk full"))
  for (const [logout, owe, left, owed] of [
    [200, true, 0, 0],
    [503, true, 0, 1],
    [503, false, 1, 0],
  ] as const) {
    const taker = noteTaker(owe ? {} : { owe: new Error("disk full") })
    const { now, delay } = pausingClock()
    const server = await startDeviceServer(
      [TOKEN_GIVEN],
      {},
      {
        "/api/cli/logout": (response) => response.writeHead(logout).end('{"revoked":true}'),
      },
    )
    const { notes } = taker
    await expect(
      performDeviceLogin({ authUrl: server.url, ...CLIENT, ...{ now, delay, notes, save } }),
    ).rejects.toMatchObject({ code: "storage" })
    expect([taker.noted.size, taker.owed.length]).toEqual([left, owed])
    expect(JSON.stringify(taker.owed)).not.toContain(TOKEN)
  }
})

test("in two steps: begun without a note, and finished by another process at once", async () => {
  const server = await startDeviceServer([PENDING, TOKEN_GIVEN])
  const { now, delay, pauses } = pausingClock()
  const { unfinished, ...shown } = await beginDeviceLogin({ authUrl: server.url, ...CLIENT, now })
  expect(shown).toMatchObject({ userCode: "WDJB-MJHT", verificationUri: `${server.url}/device` })
  expect(JSON.stringify(shown)).not.toContain(unfinished.deviceCode)
  const saved: unknown[] = []
  const login = await completeDeviceLogin(JSON.parse(JSON.stringify(unfinished)), {
    ...{ now, delay },
    save: async (one) => void saved.push(one),
  })
  expect(login).toMatchObject({ attemptId: unfinished.id, credential: { token: TOKEN } })
  expect([saved, pauses]).toEqual([[login], [0, 5000]])
})

test("what was handed out can be finished later where it was not approved in time; one that is used up is lost", async () => {
  for (const [polls, code, kept] of [
    [[PENDING], "timeout", [expect.not.objectContaining({ asked: true })]],
    [[PENDING, refuseWith("x", 503)], "timeout", [{ handedOut: expect.anything(), asked: true }]],
    [[refuseWith("access_denied")], "denied", []],
    [[refuseWith("expired_token")], "timeout", []],
    [[refuseWith("invalid_grant")], "network", [{ lost: true }]],
  ] as const) {
    const server = await startDeviceServer([...polls])
    const { now, delay } = pausingClock()
    const { unfinished } = await beginDeviceLogin({ authUrl: server.url, ...CLIENT, now })
    const handedOut = { ...unfinished, handedOut: { profile: "default", userCode: "WDJB-MJHT" } }
    const { notes, noted } = noteTaker()
    await notes.note(handedOut)
    const finishing = completeDeviceLogin(handedOut, {
      ...{ now, delay, notes, timeoutMs: 12_000 },
      save: async () => expect.unreachable(),
    })
    await expect(finishing).rejects.toMatchObject({ code })
    expect([...noted.values()]).toMatchObject(kept)
  }
})

test("a code that has expired, and whose last poll was another process's: the note stays", async () => {
  const server = await startDeviceServer([PENDING])
  const { notes, noted } = noteTaker()
  const { now, delay } = pausingClock()
  const { unfinished } = await beginDeviceLogin({ authUrl: server.url, ...CLIENT, now })
  const handedOut = { profile: "default", userCode: "WDJB-MJHT" }
  const late = () => now() + 3_600_000
  const complete = (asked: { asked?: true }) => {
    const one = { ...unfinished, handedOut, ...asked }
    noted.set(one.id, one)
    return completeDeviceLogin(one, { save: async () => {}, notes, now: late, delay })
  }
  await expect(complete({ asked: true })).rejects.toMatchObject({ code: "timeout" })
  expect(noted.size).toBe(1)
})
