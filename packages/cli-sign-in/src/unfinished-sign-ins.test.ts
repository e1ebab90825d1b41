import { DEFAULT_EXPIRES_IN_SECONDS, revocationHandleOf } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { createCredentialStore } from "./credentials/store.ts"
import { fileInMemory } from "./credentials/testing.ts"
import type { UnfinishedSignIn } from "./credentials/unfinished-sign-in.ts"
import {
  OAUTH_TOKEN_RESPONSE,
  PENDING,
  refuseWith,
  refusingUrl,
  sendJson,
  startServer,
  TOKEN,
  TOKEN_RESPONSE,
} from "./testing.ts"
import { endUnfinishedSignIns } from "./unfinished-sign-ins.ts"

const NOW = Date.parse("2026-11-23T22:05:00.000Z")
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const ago = (milliseconds: number) => new Date(NOW - milliseconds).toISOString()

const codeOf = (server: string, more: object = {}) =>
  ({
    ...{ kind: "code", id: "note-1", server, since: ago(MINUTE), codeVerifier: "the-verifier" },
    ...{ code: "the-code", redirectUri: "http://127.0.0.1:1/callback", ...more },
  }) as UnfinishedSignIn
const deviceOf = (server: string, more: object = {}) =>
  ({
    ...{ kind: "device", id: "note-1", server, since: ago(MINUTE), codeVerifier: "the-verifier" },
    ...{ deviceCode: "the-device-code", expiresAt: ago(-9 * MINUTE), intervalMs: 5000, ...more },
  }) as UnfinishedSignIn

type Answer = Parameters<typeof startServer>[0]

/** A server that answers the redeeming, and by `logout` the ending. */
async function serverWith(
  redeemed: Answer,
  logout: Answer = (response) => sendJson(response, 200, { revoked: true }),
) {
  return startServer((response, request, count) =>
    (request.path === "/api/cli/logout" ? logout : redeemed)(response, request, count),
  )
}

/** Sees to one note; `left` is what remains of it, `pending` what has still to end. */
async function seeTo(
  note: UnfinishedSignIn,
  options: Partial<Parameters<typeof endUnfinishedSignIns>[0]> = {},
) {
  const { file, kept } = fileInMemory()
  const store = createCredentialStore({ file, fileDescription: "the file" })
  await store.noteUnfinishedSignIn(note)
  const outcome = await endUnfinishedSignIns({ store, now: () => NOW, ...options })
  return {
    outcome,
    left: await store.unfinishedSignIns(),
    pending: await store.pendingRevocations(),
    store,
    kept,
  }
}

/** A `fetch` that counts, and reaches nobody. */
function nobody() {
  const fetch = Object.assign(
    async (): Promise<Response> => Promise.reject(new Error(String(fetch.asked++))),
    { asked: 0 },
  )
  return fetch
}

const OVER = { outcome: { ended: 1, remaining: 0 }, left: [], pending: [] }

test("a code that had been redeemed: redeemed once more as it was, which the server answers by ending its session", async () => {
  const { url, received } = await serverWith((response) =>
    sendJson(response, 400, { error: "invalid_grant" }),
  )
  expect(await seeTo(codeOf(url))).toMatchObject(OVER)
  expect(received.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
    [
      "/api/cli/token",
      { code: "the-code", redirect_uri: "http://127.0.0.1:1/callback", code_verifier: "the-verifier" },
    ],
  ])
})

test.each([
  ["code", codeOf, TOKEN_RESPONSE, { revoked: true }],
  ["code", codeOf, TOKEN_RESPONSE, { revoked: false }],
  ["device", deviceOf, OAUTH_TOKEN_RESPONSE, { revoked: true }],
] as const)("a %s that gives a token now: its session is ended at once", async (_, noteOf, token, ended) => {
  const { url, received } = await serverWith(
    (response) => sendJson(response, 200, token),
    (response) => sendJson(response, 200, ended),
  )
  expect(await seeTo(noteOf(url))).toMatchObject(OVER)
  expect(received.map(({ path }) => path).at(-1)).toBe("/api/cli/logout")
  expect(received.at(-1)?.headers.authorization).toBe(`Bearer ${TOKEN}`)
})

test("a token that was given now and cannot be ended: its handle is kept before anything is sent, its note goes", async () => {
  for (const noteOf of [codeOf, deviceOf]) {
    let atLogout: unknown
    const { url } = await serverWith(
      (response, { path }) =>
        sendJson(response, 200, path === "/oauth/token" ? OAUTH_TOKEN_RESPONSE : TOKEN_RESPONSE),
      (response) => {
        atLogout = structuredClone(kept.content)
        response.destroy()
      },
    )
    const { file, kept } = fileInMemory()
    const store = createCredentialStore({ file, fileDescription: "the file" })
    await store.noteUnfinishedSignIn(noteOf(url))
    expect(await endUnfinishedSignIns({ store, now: () => NOW })).toEqual({ ended: 1, remaining: 0 })
    // Killed in between, both would still be there.
    const handle = revocationHandleOf(TOKEN)
    expect(atLogout).toMatchObject({
      pending_revocations: [{ handle }],
      unfinished_sign_ins: [{ id: "note-1" }],
    })
    expect(await store.pendingRevocations()).toMatchObject([{ handle, server: url }])
    expect(await store.unfinishedSignIns()).toEqual([])
    expect(JSON.stringify(kept.content)).not.toContain(TOKEN)
  }
})

test.each([
  ["503", refuseWith("server_error", 503)],
  ["429", refuseWith("rate_limited", 429)],
  ["500", refuseWith("server_error", 500)],
  ["404", refuseWith("not_found", 404)],
  ["a page", (response) => response.end("<html>")],
  ["a redirect", (response) => response.writeHead(302, { location: "/x" }).end()],
  ["nothing", (response) => response.destroy()],
] satisfies [string, Answer][])("a server that answers %s: the note stays as it is", async (_, answer) => {
  for (const note of [codeOf, deviceOf]) {
    const { url } = await serverWith(answer)
    const { outcome, left } = await seeTo(note(url))
    expect([outcome, left]).toEqual([{ ended: 0, remaining: 1 }, [note(url)]])
  }
})

test("out of reach, or no server that anything may be sent to: the note stays", async () => {
  for (const url of [await refusingUrl(), "http://auth.example.com"]) {
    for (const note of [codeOf(url), deviceOf(url)]) {
      expect(await seeTo(note)).toMatchObject({ outcome: { ended: 0, remaining: 1 }, left: [note] })
    }
  }
})

test.each([
  ["pending", PENDING, { outcome: { ended: 0, remaining: 1 }, left: [{ kind: "device" }] }],
  ["slow_down", refuseWith("slow_down"), { outcome: { ended: 0, remaining: 1 } }],
  ["denied", refuseWith("access_denied"), OVER],
  ["expired", refuseWith("expired_token"), OVER],
  ["used up", refuseWith("invalid_grant"), { outcome: { ended: 0, remaining: 1 }, left: [{ lost: true }] }],
] satisfies [string, Answer, object][])("a device whose code is %s", async (_, answer, expected) => {
  const { url, received } = await serverWith(answer)
  expect(await seeTo(deviceOf(url))).toMatchObject(expected)
  expect(received).toHaveLength(1)
})

test("later than the server surely knows: it is lost, nobody is asked, and it goes when no session can be left", async () => {
  const fetch = nobody()
  const server = "https://auth.example.com"
  for (const [late, early] of [
    [codeOf(server, { since: ago(10 * MINUTE + 1) }), codeOf(server, { since: ago(10 * MINUTE) })],
    [
      deviceOf(server, { since: ago(20 * MINUTE), expiresAt: ago(10 * MINUTE + 1) }),
      deviceOf(server, { since: ago(20 * MINUTE), expiresAt: ago(10 * MINUTE) }),
    ],
  ] as const) {
    const { outcome, left, store } = await seeTo(late, { fetch })
    expect([outcome, left]).toEqual([{ ended: 0, remaining: 1 }, [{ ...late, lost: true }]])
    const much = DEFAULT_EXPIRES_IN_SECONDS * 1000
    const again = (at: number) => endUnfinishedSignIns({ store, fetch, now: () => at })
    const began = Date.parse(late.since)
    expect(await again(began + much - 1)).toEqual({ ended: 0, remaining: 1 })
    expect(await again(began + much)).toEqual({ ended: 1, remaining: 0 })
    expect(fetch.asked).toBe(0)
    const reached = nobody()
    await seeTo(early, { fetch: reached })
    expect(reached.asked).toBe(1)
  }
})

test("one that is lost is not asked for again", async () => {
  const fetch = nobody()
  for (const noteOf of [codeOf, deviceOf]) {
    const lost = noteOf("https://auth.example.com", { lost: true })
    expect(await seeTo(lost, { fetch })).toMatchObject({ outcome: { ended: 0, remaining: 1 }, left: [lost] })
  }
  expect(fetch.asked).toBe(0)
})

test("one that somebody has been told how to finish is left alone until it has expired", async () => {
  const handedOut = { profile: "default", userCode: "WDJB-MJHT" }
  const fetch = nobody()
  const open = deviceOf("https://auth.example.com", { handedOut })
  expect(await seeTo(open, { fetch })).toMatchObject({ outcome: { ended: 0, remaining: 1 }, left: [open] })
  const expired = { ...open, expiresAt: ago(1) } as UnfinishedSignIn
  expect(await seeTo(expired, { fetch })).toMatchObject(OVER)
  expect(fetch.asked).toBe(0)
})

test("one whose finishing was cut off may have a session: asked for once it has expired, and not dropped before", async () => {
  const more = { handedOut: { profile: "default", userCode: "WDJB-MJHT" }, asked: true }
  const answers = async (error: string) => serverWith((response) => sendJson(response, 400, { error }))
  const { url } = await answers("expired_token")
  const open = deviceOf(url, more)
  expect(await seeTo(open)).toMatchObject({ outcome: { ended: 0, remaining: 1 }, left: [open] })
  expect(await seeTo(deviceOf(url, { ...more, expiresAt: ago(1) }))).toMatchObject(OVER)
  const used = deviceOf((await answers("invalid_grant")).url, { ...more, expiresAt: ago(1) })
  expect(await seeTo(used)).toMatchObject({ outcome: { remaining: 1 }, left: [{ ...used, lost: true }] })
})

test("a clock that was set back, or a note without a moment, holds nobody up", async () => {
  const { url, received } = await serverWith((response) =>
    sendJson(response, 400, { error: "invalid_grant" }),
  )
  expect(await seeTo(codeOf(url, { since: ago(-DAY) }))).toMatchObject(OVER)
  expect(received).toHaveLength(1)
  expect(await seeTo(codeOf(url, { since: "some day" }))).toMatchObject(OVER)
})

test("one that fails does not keep the others; an abort ends it, and the rest stays", async () => {
  const { url } = await serverWith((response) => sendJson(response, 400, { error: "invalid_grant" }))
  const { file } = fileInMemory()
  const store = createCredentialStore({ file, fileDescription: "the file" })
  await store.noteUnfinishedSignIn(codeOf(await refusingUrl(), { id: "note-0" }))
  await store.noteUnfinishedSignIn(codeOf(url))
  const aborted = AbortSignal.abort()
  expect(await endUnfinishedSignIns({ store, now: () => NOW, signal: aborted })).toEqual({
    ended: 0,
    remaining: 2,
  })
  expect(await endUnfinishedSignIns({ store, now: () => NOW })).toEqual({ ended: 1, remaining: 1 })
  expect((await store.unfinishedSignIns()).map(({ id }) => id)).toEqual(["note-0"])
})

test("a request under way ends with the abort, and the note stays", async () => {
  const controller = new AbortController()
  const { url } = await startServer(() => controller.abort())
  for (const note of [codeOf(url), deviceOf(url)]) {
    expect(await seeTo(note, { signal: controller.signal })).toMatchObject({
      outcome: { ended: 0, remaining: 1 },
    })
  }
})

test("a store that cannot be read or written is no error", async () => {
  const broken = () => Promise.reject(new Error("disk full"))
  const { url } = await serverWith((response) => sendJson(response, 400, { error: "invalid_grant" }))
  const { store } = await seeTo(codeOf(url), { signal: AbortSignal.abort() })
  const end = (changed: object) => endUnfinishedSignIns({ store: { ...store, ...changed }, now: () => NOW })
  expect(await end({ unfinishedSignIns: broken })).toEqual({ ended: 0, remaining: 0 })
  expect(await end({ forgetUnfinishedSignIn: broken })).toEqual({ ended: 0, remaining: 1 })
})
