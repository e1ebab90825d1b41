import { revocationHandleOf } from "@authchemy/protocol"
import { expect, test, vi } from "vitest"
import type { KeychainProblem } from "./credentials/keychain.ts"
import { createCredentialStore } from "./credentials/store.ts"
import { fileInMemory, keychainInMemory } from "./credentials/testing.ts"
import { logOut } from "./logout.ts"
import { sendJson, startServer, TOKEN } from "./testing.ts"

const NOW = Date.parse("2026-11-23T22:05:00.000Z")
const EXPIRES_AT = "2027-02-21T22:05:00.000Z"

/** Signed in at `server`, with the token in a keychain. */
async function signedInWithKeychain(server: string, token = TOKEN) {
  const { file, kept } = fileInMemory()
  const { keychain, entries, state } = keychainInMemory()
  const store = createCredentialStore({ file, fileDescription: "the file", keychain })
  await store.save({ token, expiresAt: EXPIRES_AT, server })
  state.asked.length = 0
  return { store, kept, entries, state }
}

test("a token in a keychain is not read: its handle ends the session, then its entry goes", async () => {
  const { url, received } = await startServer((response) => sendJson(response, 200, { revoked: true }))
  const { store, kept, entries, state } = await signedInWithKeychain(url)
  expect(await logOut({ store, authUrl: url })).toEqual({ server: "revoked", erased: true })
  expect(received.map(({ body }) => JSON.parse(body))).toEqual([
    { revocation_handle: revocationHandleOf(TOKEN) },
  ])
  expect(received[0]?.headers.authorization).toBeUndefined()
  expect([state.asked, entries.size, kept.content]).toEqual([["remove"], 0, {}])
})

test.each(["absent", "locked", "silent", "refused", "hangs"] satisfies (KeychainProblem | "hangs")[])(
  "S57 a keychain that is no use (%s): the session ends all the same, and it is said that something is left",
  async (trouble) => {
    const { url } = await startServer((response) => sendJson(response, 200, { revoked: true }))
    const { store, kept, state } = await signedInWithKeychain(url)
    state.trouble = trouble
    const start = performance.now()
    // The clock stands, so the keychain gets the server's whole time.
    const outcome = await logOut({ store, authUrl: url, timeoutMs: 700, now: () => NOW })
    expect(outcome).toEqual({ server: "revoked", erased: false })
    expect(performance.now() - start).toBeLessThan(3_000)
    expect(kept.content).toEqual({ keychain_leftovers: [{ entry: expect.any(String) }] })
  },
)

test("neither the server nor the keychain answers: under their limits together, and both are noted", async () => {
  const { url } = await startServer(() => {})
  const { store, kept, state } = await signedInWithKeychain(url)
  state.trouble = "hangs"
  const start = performance.now()
  const outcome = await logOut({ store, authUrl: url, timeoutMs: 300 })
  expect(performance.now() - start).toBeLessThan(1_500)
  expect(outcome).toEqual({ server: "pending", reason: "no answer within 0.3 s", erased: false })
  expect(kept.content).toMatchObject({
    pending_revocations: [{ handle: revocationHandleOf(TOKEN) }],
    keychain_leftovers: [expect.anything()],
  })
})

test("a token without a handle is read; where the keychain does not give it, that is the reason", async () => {
  const { url, received } = await startServer((response) => sendJson(response, 200, { revoked: true }))
  const readable = await signedInWithKeychain(url, "legacy-token")
  expect(await logOut({ store: readable.store, authUrl: url })).toEqual({ server: "revoked", erased: true })
  expect(received[0]?.headers.authorization).toBe("Bearer legacy-token")
  const locked = await signedInWithKeychain(url, "legacy-token")
  locked.state.trouble = "locked"
  expect(await logOut({ store: locked.store, authUrl: url })).toMatchObject({
    server: "pending",
    reason: expect.stringMatching(/^the token could not be read from the keychain/),
    erased: false,
  })
  expect(received).toHaveLength(1)
})

test("what time the server has left is the keychain's, half a second at least", async () => {
  for (const [took, waitMs] of [
    [200, 2_300],
    [2_400, 500],
    [-3_600_000, 2_500],
  ] as const) {
    const { store } = await signedInWithKeychain("https://auth.example.com")
    const clear = vi.spyOn(store, "clear")
    let now = NOW
    const fetch = async () => {
      now += took
      return Response.json({ revoked: true })
    }
    await logOut({ store, authUrl: "https://auth.example.com", fetch, now: () => now })
    expect(clear.mock.lastCall?.[2]).toBe(waitMs)
  }
})

test("a 401 to a handle comes from something that does not know handles: pending, and kept", async () => {
  const { url } = await startServer((response) => sendJson(response, 401, { error: "invalid_token" }))
  const { store } = await signedInWithKeychain(url)
  const outcome = await logOut({ store, authUrl: url, now: () => NOW })
  expect(outcome).toMatchObject({ server: "pending", reason: "the server answered 401" })
  expect(await store.pendingRevocations()).toMatchObject([{ handle: revocationHandleOf(TOKEN) }])
})
