import { join } from "node:path"
import { DEFAULT_EXPIRES_IN_SECONDS } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { openJsonFile } from "./credentials/json-file.ts"
import { createCredentialStore } from "./credentials/store.ts"
import { retryPendingRevocations } from "./revocations.ts"
import { refusingUrl, sendJson, startServer, temporaryFolder } from "./testing.ts"

const NOW = Date.parse("2026-11-23T22:05:00.000Z")
const at = (milliseconds: number) => new Date(milliseconds).toISOString()

async function stored(
  pending: {
    handle: string
    server: string
    expiresAt?: string | null
    since?: string
    notBefore?: string
  }[],
) {
  const path = join(await temporaryFolder(), "config.json")
  const file = openJsonFile({ path, onWarning: expect.unreachable })
  const store = createCredentialStore({ file, fileDescription: "the file" })
  for (const one of pending) {
    await store.addPendingRevocation({ expiresAt: at(NOW + 1000), since: at(NOW - 1000), ...one })
  }
  return {
    store,
    left: async () => (await store.pendingRevocations()).map(({ handle }) => handle),
  }
}

test("what the server confirms is forgotten, whether or not there was something left to end", async () => {
  const { url, received } = await startServer((response, { body }) =>
    sendJson(response, 200, { revoked: body.includes("h1") }),
  )
  const { store, left } = await stored([
    { handle: "h1", server: url },
    { handle: "h2", server: url },
  ])
  expect(await retryPendingRevocations({ store, now: () => NOW })).toEqual({ confirmed: 2, remaining: 0 })
  expect(await left()).toEqual([])
  expect(received.map(({ path, body, headers }) => [path, body, headers.authorization])).toEqual([
    ["/api/cli/logout", '{"revocation_handle":"h1"}', undefined],
    ["/api/cli/logout", '{"revocation_handle":"h2"}', undefined],
  ])
})

test("what the server does not confirm stays", async () => {
  const statuses = [500, 401, 404, 302, 200]
  const { url } = await startServer((response, _, count) =>
    sendJson(response, statuses[count - 1] ?? 500, {}),
  )
  const { store, left } = await stored([
    ...statuses.map((status) => ({ handle: `h${status}`, server: url })),
    { handle: "refused", server: await refusingUrl() },
    { handle: "insecure", server: "http://auth.example.com" },
  ])
  expect(await retryPendingRevocations({ store, now: () => NOW })).toEqual({ confirmed: 0, remaining: 7 })
  expect(await left()).toHaveLength(7)
})

test("what has expired is forgotten unasked; without an expiry that is 90 days after it was noted", async () => {
  const fetch = () => expect.unreachable("nobody needs to be asked")
  const server = "https://auth.example.com"
  const { store, left } = await stored([
    { handle: "h1", server, expiresAt: at(NOW) },
    { handle: "h2", server, expiresAt: null, since: at(NOW - DEFAULT_EXPIRES_IN_SECONDS * 1000) },
  ])
  expect(await retryPendingRevocations({ store, fetch, now: () => NOW })).toEqual({
    confirmed: 0,
    remaining: 0,
  })
  expect(await left()).toEqual([])
})

test("at most four requests at once", async () => {
  let [inFlight, most] = [0, 0]
  const fetch = async () => {
    most = Math.max(most, ++inFlight)
    await new Promise((resolve) => setImmediate(resolve))
    inFlight--
    return Response.json({ revoked: true })
  }
  const pending = Array.from({ length: 12 }, (_, index) => ({
    handle: `h${index}`,
    server: "https://a.example",
  }))
  const { store } = await stored(pending)
  expect(await retryPendingRevocations({ store, fetch, now: () => NOW })).toEqual({
    confirmed: 12,
    remaining: 0,
  })
  expect(most).toBe(4)
})

test("an abort ends the requests under way, and everything remains", async () => {
  const controller = new AbortController()
  const { url } = await startServer(() => controller.abort())
  const { store, left } = await stored(["h1", "h2", "h3"].map((handle) => ({ handle, server: url })))
  expect(await retryPendingRevocations({ store, now: () => NOW, signal: controller.signal })).toEqual({
    confirmed: 0,
    remaining: 3,
  })
  expect(await left()).toHaveLength(3)
})

test("several processes at once do no harm", async () => {
  const { url } = await startServer((response) => sendJson(response, 200, { revoked: false }))
  const { store, left } = await stored(["h1", "h2"].map((handle) => ({ handle, server: url })))
  await Promise.all([1, 2, 3].map(() => retryPendingRevocations({ store, now: () => NOW })))
  expect(await left()).toEqual([])
})

test("a store that cannot be read or written is no error", async () => {
  const broken = () => Promise.reject(new Error("no"))
  const { store } = await stored([{ handle: "h1", server: "https://a.example" }])
  const fetch = async () => Response.json({ revoked: true })
  expect(await retryPendingRevocations({ store: { ...store, pendingRevocations: broken } })).toEqual({
    confirmed: 0,
    remaining: 0,
  })
  const forgetful = { ...store, forgetPendingRevocations: broken }
  expect(await retryPendingRevocations({ store: forgetful, fetch, now: () => NOW })).toEqual({
    confirmed: 1,
    remaining: 1,
  })
})

test("a session that may still be needed is left until its moment has come", async () => {
  const { url, received } = await startServer((response) => sendJson(response, 200, { revoked: true }))
  const { store, left } = await stored([
    { handle: "h1", server: url, notBefore: at(NOW) },
    { handle: "h2", server: url, notBefore: at(NOW + 1) },
    { handle: "h3", server: url, notBefore: "some day" },
  ])
  expect(await retryPendingRevocations({ store, now: () => NOW })).toEqual({ confirmed: 2, remaining: 1 })
  expect(await left()).toEqual(["h2"])
  expect(received).toHaveLength(2)
})
