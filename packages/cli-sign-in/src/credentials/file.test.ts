import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { TOKEN, temporaryFolder } from "../testing.ts"
import { createFileCredentials } from "./file.ts"
import { openJsonFile } from "./json-file.ts"

const CREDENTIAL = {
  token: TOKEN,
  expiresAt: "2027-02-21T22:05:00.000Z",
  server: "https://auth.example.com",
}
const pending = (handle: string) => ({
  handle,
  server: "https://auth.example.com",
  expiresAt: null,
  since: "2026-11-23T22:05:00.000Z",
})

async function stored(content: unknown = {}) {
  const path = join(await temporaryFolder(), "config.json")
  await writeFile(path, JSON.stringify(content))
  const file = openJsonFile({ path, onWarning: expect.unreachable })
  const store = createFileCredentials({ file, description: "the file", alsoClear: ["app"] })
  return { store, content: async () => JSON.parse(await readFile(path, "utf8")) }
}

test("a saved credential is loaded again, and other keys stay", async () => {
  const { store, content } = await stored({ network: "eth" })
  await store.save(CREDENTIAL)
  expect(await store.load()).toEqual(CREDENTIAL)
  expect(await content()).toEqual({
    network: "eth",
    auth_token: TOKEN,
    auth_token_expires_at: CREDENTIAL.expiresAt,
    auth_token_server: CREDENTIAL.server,
  })
  await store.save({ token: "t", expiresAt: null, server: null })
  expect(await content()).toEqual({ network: "eth", auth_token: "t" })
})

test("the file of an older client, with the token alone, loads", async () => {
  const { store } = await stored({ auth_token: "old", auth_token_expires_at: 5 })
  expect(await store.load()).toEqual({ token: "old", expiresAt: null, server: null })
})

test.each([{}, { auth_token: "" }, { auth_token: 5 }])("%j holds no credential", async (content) => {
  expect(await (await stored(content)).store.load()).toBeNull()
})

test("clearing erases the credential and what belongs to it, and notes the revocation, in one step", async () => {
  const { store, content } = await stored({ app: { id: "app-1" }, network: "eth" })
  await store.save(CREDENTIAL)
  await store.clear(TOKEN, pending("h1"))
  expect(await content()).toEqual({ network: "eth", pending_revocations: [pending("h1")] })
})

test("clearing spares the credential of another process that has signed in since, yet notes the revocation", async () => {
  const { store } = await stored()
  await store.save({ ...CREDENTIAL, token: "newer" })
  await store.clear(TOKEN, pending("h1"))
  expect(await store.load()).toMatchObject({ token: "newer" })
  expect(await store.pendingRevocations()).toEqual([pending("h1")])
})

test("pending revocations are kept once each, and forgotten by handle", async () => {
  const { store, content } = await stored()
  for (const handle of ["h1", "h2", "h1"]) await store.addPendingRevocation(pending(handle))
  expect((await store.pendingRevocations()).map(({ handle }) => handle)).toEqual(["h2", "h1"])
  await store.forgetPendingRevocations(["h2", "unknown"])
  expect(await store.pendingRevocations()).toEqual([pending("h1")])
  await store.forgetPendingRevocations(["h1"])
  expect(await content()).toEqual({})
})

test("entries of a form that is not known are passed over and kept", async () => {
  const odd = [5, { handle: "h0" }, null]
  const { store, content } = await stored({ pending_revocations: odd })
  await store.addPendingRevocation(pending("h1"))
  expect(await store.pendingRevocations()).toEqual([pending("h1")])
  await store.forgetPendingRevocations(["h1"])
  expect(await content()).toEqual({ pending_revocations: odd })
})
