import { approvalPhraseOf, codeChallengeOf } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { performDeviceLogin } from "./device-login.ts"
import type { LoginOptions, SignInEvent } from "./login.ts"
import {
  PENDING,
  pausingClock,
  refuseWith,
  refusingUrl,
  sendJson,
  startDeviceServer,
  TOKEN,
  TOKEN_GIVEN,
} from "./testing.ts"

function signIn(authUrl: string, options: Partial<LoginOptions> = {}) {
  const events: SignInEvent[] = []
  const saved: unknown[] = []
  const { now, delay, pauses } = pausingClock()
  const result = performDeviceLogin({
    authUrl,
    client: "cli/1.0.0",
    device: { name: "laptop", os: "Linux" },
    save: async (login) => void saved.push(login),
    onEvent: (event) => events.push(event),
    now,
    delay,
    ...options,
  })
  result.catch(() => {})
  return { result, events, saved, pauses }
}

const field = (body: string | undefined, name: string) => new URLSearchParams(body).get(name)

test("the whole sign-in: code, phrase, polls at the interval, saving, and only then success", async () => {
  const server = await startDeviceServer([PENDING, PENDING, TOKEN_GIVEN])
  const { result, events, saved, pauses } = signIn(`${server.url}/`, { expiresInSeconds: 3600 })
  const login = await result
  expect(login).toMatchObject({ credential: { token: TOKEN, server: server.url }, sessionId: "session-1" })
  expect(saved).toEqual([login])
  expect(pauses).toEqual([5_000, 5_000, 5_000])
  const challenge = field(server.received[0]?.body, "code_challenge") ?? ""
  expect(events).toEqual([
    {
      type: "device-code",
      userCode: "WDJB-MJHT",
      verificationUri: `${server.url}/device`,
      verificationUriComplete: `${server.url}/device?user_code=WDJB-MJHT`,
      phrase: approvalPhraseOf(challenge),
      timeoutMs: 300_000,
    },
    { type: "stored" },
  ])
  const [first, ...others] = server.polls()
  expect(codeChallengeOf(field(first?.body, "code_verifier") ?? "")).toBe(challenge)
  expect(field(first?.body, "expires_in_seconds")).toBe("3600")
  expect(others.map(({ body }) => body)).toEqual([first?.body, first?.body])
})

test("S35 slow_down adds five seconds each time, and they stay; a patient client gets there", async () => {
  const slow = refuseWith("slow_down")
  const server = await startDeviceServer([PENDING, slow, PENDING, slow, PENDING, TOKEN_GIVEN])
  const { result, pauses } = signIn(server.url)
  await result
  expect(pauses).toEqual([5_000, 5_000, 10_000, 10_000, 15_000, 15_000])
})

test("S35 a server that holds its clients to the interval has to say so once when it grows, and never again", async () => {
  const { now, delay } = pausingClock()
  let last = Number.NEGATIVE_INFINITY
  let interval = 7_000
  const told: string[] = []
  const server = await startDeviceServer(
    [
      (response, request, count) => {
        const fast = now() - last < interval
        last = now()
        if (count === 3) interval += 5_000
        told.push(fast ? "slow_down" : "authorization_pending")
        if (count >= 20 && !fast) return TOKEN_GIVEN(response, request, count)
        sendJson(response, 400, { error: told.at(-1) })
      },
    ],
    { interval: 7 },
  )
  await signIn(server.url, { now, delay }).result
  expect(told.filter((error) => error === "slow_down")).toHaveLength(1)
})

test("what fails on the way is waited out with pauses that double, up to half a minute, and then the interval holds again", async () => {
  const broken = refuseWith("server_error", 500)
  const server = await startDeviceServer([
    (response) => response.destroy(),
    broken,
    broken,
    broken,
    PENDING,
    TOKEN_GIVEN,
  ])
  const { result, pauses } = signIn(server.url)
  await result
  expect(pauses).toEqual([5_000, 10_000, 20_000, 30_000, 30_000, 5_000])
})

test("a Retry-After is kept, where it is longer", async () => {
  const busy = (seconds: string) => refuseWith("rate_limited", 429, { "retry-after": seconds })
  const server = await startDeviceServer([busy("60"), busy("1"), PENDING, TOKEN_GIVEN])
  const { result, pauses } = signIn(server.url)
  await result
  expect(pauses).toEqual([5_000, 60_000, 20_000, 5_000])
})

test("a pause that was to grow is cut where the end is near, so that no last chance is missed", async () => {
  const broken = refuseWith("server_error", 500)
  const server = await startDeviceServer([broken, broken, TOKEN_GIVEN])
  const { result, pauses } = signIn(server.url, { timeoutMs: 23_000 })
  await result
  expect(pauses).toEqual([5_000, 10_000, 8_000])
})

test.each([
  ["the time is over", { timeoutMs: 17_000 }, {}, "The sign-in was not approved within 17 s.", 17_000],
  ["the code expires first", {}, { expires_in: 17 }, "The code expired before it was approved.", 17_000],
])("%s: timeout, and no poll comes early or late", async (_, options, authorization, message, timeoutMs) => {
  const server = await startDeviceServer([PENDING], authorization)
  const { result, events, pauses } = signIn(server.url, options)
  await expect(result).rejects.toMatchObject({ code: "timeout", message })
  expect(events[0]).toMatchObject({ timeoutMs })
  expect(pauses).toEqual([5_000, 5_000, 5_000, 2_000])
  expect(server.polls()).toHaveLength(3)
})

test("S57 an interval and a lifetime of years do not outlast the time limit", async () => {
  const server = await startDeviceServer([PENDING], { interval: 1e300, expires_in: 1e300 })
  const { result, pauses } = signIn(server.url)
  await expect(result).rejects.toMatchObject({ code: "timeout" })
  expect(pauses).toEqual([300_000])
  expect(server.polls()).toEqual([])
})

test("a timeout says where the server could not be reached at the end", async () => {
  const server = await startDeviceServer([PENDING, refuseWith("server_error", 503)])
  const { result } = signIn(server.url, { timeoutMs: 10_000 })
  await expect(result).rejects.toMatchObject({
    code: "timeout",
    message:
      "The sign-in was not approved within 10 s; the server could not be reached at the end (the server answered 503).",
  })
})

test.each([
  ["access_denied", "denied"],
  ["expired_token", "timeout"],
  ["invalid_grant", "refused"],
])("%s: %s at once, and nothing is saved", async (error, code) => {
  const server = await startDeviceServer([PENDING, refuseWith(error)])
  const { result, saved } = signIn(server.url)
  await expect(result).rejects.toMatchObject({ code })
  expect([server.polls().length, saved]).toEqual([2, []])
})

test("a credential that cannot be saved: its session is ended again", async () => {
  const cause = new Error("disk full")
  const server = await startDeviceServer([TOKEN_GIVEN])
  const { result, events } = signIn(server.url, { save: () => Promise.reject(cause) })
  await expect(result).rejects.toMatchObject({ code: "storage", cause })
  expect(server.ended().map(({ headers }) => headers.authorization)).toEqual([`Bearer ${TOKEN}`])
  expect(events.map(({ type }) => type)).toEqual(["device-code"])
})

test("aborted while waiting: at once, without another poll", async () => {
  const server = await startDeviceServer([PENDING])
  const controller = new AbortController()
  const { result } = signIn(server.url, {
    signal: controller.signal,
    delay: (_, signal) =>
      new Promise((resolve) => {
        signal?.addEventListener("abort", () => resolve())
        setImmediate(() => controller.abort())
      }),
  })
  await expect(result).rejects.toMatchObject({ code: "aborted" })
  expect(server.polls()).toEqual([])
})

test("aborted during a poll: at once, though the server is silent", async () => {
  const controller = new AbortController()
  const server = await startDeviceServer([() => controller.abort()])
  const { result, saved } = signIn(server.url, { signal: controller.signal })
  await expect(result).rejects.toMatchObject({ code: "aborted" })
  expect(saved).toEqual([])
})

test("refused before anything is sent: aborted before it began, and http on another machine", async () => {
  const fetch = () => expect.unreachable("nothing may be sent")
  const aborted = signIn("https://auth.example.com", { signal: AbortSignal.abort(), fetch })
  await expect(aborted.result).rejects.toMatchObject({ code: "aborted" })
  const insecure = signIn("http://auth.example.com", { fetch })
  await expect(insecure.result).rejects.toMatchObject({ code: "insecure_url" })
})

test("a server that is not reached at all: network, and no code is shown", async () => {
  const { result, events } = signIn(await refusingUrl())
  await expect(result).rejects.toMatchObject({ code: "network", details: { reason: "connection refused" } })
  expect(events).toEqual([])
})

test("an answer that was lost on the way is told as that, with where its session can be ended", async () => {
  const lost = refuseWith("server_error", 503)
  const server = await startDeviceServer([PENDING, lost, refuseWith("invalid_grant")])
  const { result, saved } = signIn(server.url)
  await expect(result).rejects.toMatchObject({
    code: "network",
    message: expect.stringContaining(`${server.url}/sessions`),
  })
  expect(saved).toEqual([])
})

test("a refusal without a lost answer before it stays a refusal", async () => {
  const server = await startDeviceServer([PENDING, refuseWith("invalid_grant")])
  await expect(signIn(server.url).result).rejects.toMatchObject({
    code: "refused",
    details: { error: "invalid_grant" },
  })
})
