import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { revocationHandleOf } from "@authchemy/protocol"
import { expect, test, vi } from "vitest"
import { openJsonFile } from "./credentials/json-file.ts"
import { createCredentialStore } from "./credentials/store.ts"
import { endSession, logOut } from "./logout.ts"
import { refusingUrl, sendJson, startServer, TOKEN, temporaryFolder } from "./testing.ts"

const NOW = Date.parse("2026-11-23T22:05:00.000Z")
const EXPIRES_AT = "2027-02-21T22:05:00.000Z"

/** A config file that is signed in at `server`. */
async function signedIn(server: string | null, token = TOKEN) {
  const path = join(await temporaryFolder(), "config.json")
  const content = {
    network: "eth",
    app: { id: "app-1" },
    auth_token: token,
    auth_token_expires_at: EXPIRES_AT,
    ...(server === null ? {} : { auth_token_server: server }),
  }
  await writeFile(path, JSON.stringify(content), { mode: 0o600 })
  const file = openJsonFile({ path, onWarning: expect.unreachable })
  const update = vi.spyOn(file, "update")
  const store = createCredentialStore({ file, fileDescription: "the file", alsoClear: ["app"] })
  return { store, update, content: async () => JSON.parse(await readFile(path, "utf8")) }
}

const pendingAt = (server: string) => [
  { handle: revocationHandleOf(TOKEN), server, expiresAt: EXPIRES_AT, since: "2026-11-23T22:05:00.000Z" },
]

test("200: revoked; the token was sent as a bearer and the machine is clear", async () => {
  const { url, received } = await startServer((response) => sendJson(response, 200, { revoked: true }))
  const { store, content } = await signedIn(url)
  expect(await logOut({ store, authUrl: "https://elsewhere.example" })).toEqual({
    server: "revoked",
    erased: true,
  })
  expect(received).toMatchObject([{ method: "POST", path: "/api/cli/logout", body: "" }])
  expect(received[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`)
  expect(await content()).toEqual({ network: "eth" })
})

test("401 invalid_token: already_ended", async () => {
  const { url } = await startServer((response) => sendJson(response, 401, { error: "invalid_token" }))
  const { store, content } = await signedIn(url)
  expect(await logOut({ store, authUrl: url })).toEqual({ server: "already_ended", erased: true })
  expect(await content()).toEqual({ network: "eth" })
})

test.each([
  ["of something in between", (response) => response.writeHead(401).end("<html>")],
  ["of another error", (response) => sendJson(response, 401, { error: "unauthorized" })],
] satisfies [string, Answer][])("a 401 %s says nothing of the session: pending", async (_, answer) => {
  const { url } = await startServer(answer)
  const { store, content } = await signedIn(url)
  const outcome = await logOut({ store, authUrl: url, now: () => NOW })
  expect(outcome).toEqual({ server: "pending", reason: "the server answered 401", erased: true })
  expect(await content()).toEqual({ network: "eth", pending_revocations: pendingAt(url) })
})

type Answer = Parameters<typeof startServer>[0]
const HANGING: [string, Answer][] = [
  ["never answers", () => {}],
  [
    "stalls in the body",
    (response) => {
      response.writeHead(200, { "content-type": "application/json" })
      response.write('{"revoked"')
    },
  ],
  [
    "trickles",
    (response) => {
      const timer = setInterval(() => response.write(" "), 20)
      response.on("close", () => clearInterval(timer))
    },
  ],
]
const UNCONFIRMED: [string, Answer, string, number?][] = [
  ["answers 500", (response) => sendJson(response, 500, {}), "the server answered 500"],
  ["answers 503", (response) => sendJson(response, 503, {}), "the server answered 503"],
  ["answers 429", (response) => sendJson(response, 429, {}), "the server answered 429"],
  ["answers 404", (response) => sendJson(response, 404, {}), "the server answered 404"],
  [
    "answers 200 with a page",
    (response) => response.end("<html>"),
    "the server's answer was not that of an Authchemy server",
  ],
  ["hangs up", (response) => response.destroy(), "connection closed by the server"],
  [
    "answers 10 MB",
    (response) => sendJson(response, 200, "x".repeat(10_000_000)),
    "an answer of more than 64 KiB",
  ],
  ...HANGING.map(([what, answer]): [string, Answer, string, number] => [
    what,
    answer,
    "no answer within 0.3 s",
    300,
  ]),
]

test.each(UNCONFIRMED)(
  "S57 a server that %s: pending, asked once, the machine clear in one write",
  async (_, answer, reason, timeoutMs = 2500) => {
    const { url, received } = await startServer(answer)
    const { store, update, content } = await signedIn(url)
    const start = performance.now()
    const outcome = await logOut({ store, authUrl: url, timeoutMs, now: () => NOW })
    expect(performance.now() - start).toBeLessThan(3_000)
    expect(outcome).toEqual({ server: "pending", reason, erased: true })
    expect(received).toHaveLength(1)
    expect(update).toHaveBeenCalledOnce()
    expect(await content()).toEqual({ network: "eth", pending_revocations: pendingAt(url) })
    expect(JSON.stringify(await content())).not.toContain(TOKEN)
  },
)

test("a server that refuses the connection: pending", async () => {
  const url = await refusingUrl()
  const { store, content } = await signedIn(url)
  const outcome = await logOut({ store, authUrl: url, now: () => NOW })
  expect(outcome).toEqual({ server: "pending", reason: "connection refused", erased: true })
  expect(await content()).toEqual({ network: "eth", pending_revocations: pendingAt(url) })
})

test("a name that is not known: pending", async () => {
  const fetch = () => {
    throw new TypeError("fetch failed", { cause: Object.assign(new Error(), { code: "ENOTFOUND" }) })
  }
  const { store } = await signedIn("https://nowhere.example")
  expect(await logOut({ store, authUrl: "https://x.example", fetch })).toEqual({
    server: "pending",
    reason: "name not found",
    erased: true,
  })
})

test("a fetch that heeds no signal is held to the limit all the same", async () => {
  const { store } = await signedIn("https://auth.example.com")
  const fetch = () => new Promise<never>(() => {})
  expect(await logOut({ store, authUrl: "https://x.example", fetch, timeoutMs: 20 })).toEqual({
    server: "pending",
    reason: "no answer within 0.02 s",
    erased: true,
  })
})

test.each([301, 302, 303, 307, 308])(
  "S57 a redirect (%i) is not followed: its target gets nothing",
  async (status) => {
    const target = await startServer((response) => sendJson(response, 200, { revoked: true }))
    const { url } = await startServer((response) => {
      response.writeHead(status, { location: `${target.url}/api/cli/logout` })
      response.end()
    })
    const { store } = await signedIn(url)
    expect(await logOut({ store, authUrl: url })).toEqual({
      server: "pending",
      reason: "the server answered with a redirect, which is not followed",
      erased: true,
    })
    expect(target.received).toEqual([])
  },
)

test("the token goes to the server that issued it; one that is not named is the configured one", async () => {
  const issuer = await startServer((response) => sendJson(response, 200, { revoked: true }))
  const configured = await startServer((response) => sendJson(response, 200, { revoked: true }))
  await logOut({ store: (await signedIn(issuer.url)).store, authUrl: configured.url })
  expect([issuer.received.length, configured.received.length]).toEqual([1, 0])
  await logOut({ store: (await signedIn(null)).store, authUrl: configured.url })
  expect([issuer.received.length, configured.received.length]).toEqual([1, 1])
})

test("the token is not sent over http to another machine", async () => {
  const { store, content } = await signedIn("http://auth.example.com")
  const fetch = () => expect.unreachable("nothing may be sent")
  expect(await logOut({ store, authUrl: "https://x.example", fetch })).toEqual({
    server: "pending",
    reason: "its URL is not https",
    erased: true,
  })
  expect(await content()).not.toHaveProperty("auth_token")
})

test.each(["legacy-token", "token\nwith a line break"])(
  "the token %j has no handle: erased, and said so",
  async (token) => {
    const url = await refusingUrl()
    const { store, content } = await signedIn(url, token)
    const outcome = await logOut({ store, authUrl: url })
    expect(outcome).toMatchObject({
      server: "pending",
      reason: expect.stringMatching(/; a token of this form cannot be kept for a later try$/),
    })
    expect(JSON.stringify(outcome)).not.toContain("token\\n")
    expect(await content()).toEqual({ network: "eth" })
  },
)

test("nothing stored: none, and nobody is asked", async () => {
  const { store } = await signedIn("https://auth.example.com", "")
  const fetch = () => expect.unreachable("nothing may be sent")
  expect(await logOut({ store, authUrl: "https://x.example", fetch })).toEqual({
    server: "none",
    erased: true,
  })
})

test("ending an old session leaves the stored credential alone, and postpones where it must", async () => {
  const { url } = await startServer((response) => sendJson(response, 500, {}))
  const { store } = await signedIn(url, "the new one")
  const session = { token: TOKEN, handle: revocationHandleOf(TOKEN), expiresAt: EXPIRES_AT, server: url }
  const outcome = await endSession({ store, session, authUrl: url, now: () => NOW })
  expect(outcome).toMatchObject({ server: "pending" })
  expect(await store.load()).toMatchObject({ token: "the new one" })
  expect(await store.pendingRevocations()).toEqual(pendingAt(url))
})

test("a session that is over is struck out where it was pending", async () => {
  const { url } = await startServer((response) => sendJson(response, 200, { revoked: true }))
  const { store } = await signedIn(url, "the new one")
  const handle = revocationHandleOf(TOKEN)
  for (const pending of pendingAt(url)) await store.addPendingRevocation({ ...pending, handle: handle ?? "" })
  const session = { token: null, handle, expiresAt: EXPIRES_AT, server: url }
  expect(await endSession({ store, session, authUrl: url })).toEqual({ server: "revoked" })
  expect(await store.pendingRevocations()).toEqual([])
})
