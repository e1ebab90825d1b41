import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { TOKEN, temporaryFolder } from "../testing.ts"
import { openJsonFile } from "./json-file.ts"
import { createCredentialStore } from "./store.ts"
import { digestOf } from "./stored-content.ts"
import { type Around, fileInMemory, keychainInMemory } from "./testing.ts"

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
  const store = createCredentialStore({ file, fileDescription: "the file", alsoClear: ["app"] })
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
  await store.clear(digestOf(TOKEN), pending("h1"))
  expect(await content()).toEqual({ network: "eth", pending_revocations: [pending("h1")] })
})

test("clearing spares the credential of another process that has signed in since, yet notes the revocation", async () => {
  const { store } = await stored()
  await store.save({ ...CREDENTIAL, token: "newer" })
  await store.clear(digestOf(TOKEN), pending("h1"))
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

const inProfile = (content: Record<string, unknown>, create: boolean) => {
  const profiles = (content.profiles ?? {}) as Record<string, Record<string, unknown>>
  if (create) content.profiles = { ...profiles, work: profiles.work ?? {} }
  return (content.profiles as typeof profiles | undefined)?.work ?? null
}

test("a section of the file has a sign-in of its own; what is pending stands in the file once", async () => {
  const { file, kept } = fileInMemory({ network: "eth" })
  const { keychain, entries } = keychainInMemory()
  const shared = { file, fileDescription: "the file", keychain, alsoClear: ["app"] }
  const [store, work] = [
    createCredentialStore(shared),
    createCredentialStore({ ...shared, section: inProfile }),
  ]
  expect([await work.signIn(), await work.load(), await work.relocate()]).toEqual([null, null, null])
  expect(await work.clear("nobody's", pending("h0"))).toBe(true)
  expect(kept.content).toEqual({ network: "eth", pending_revocations: [pending("h0")] })
  await store.save(CREDENTIAL)
  await work.save({ ...CREDENTIAL, token: "of work" }, { supersedes: pending("h1") })
  expect([await store.load(), await work.load()]).toMatchObject([{ token: TOKEN }, { token: "of work" }])
  expect(await work.clear(digestOf(TOKEN))).toBe(true)
  expect(await store.clear(digestOf(TOKEN))).toBe(true)
  expect([...entries.values()]).toEqual(["of work"])
  expect(kept.content).toEqual({
    network: "eth",
    profiles: { work: expect.objectContaining({ auth_token_keychain: expect.anything() }) },
    pending_revocations: [pending("h0"), pending("h1")],
  })
})

test("what a process that is slow is about to use is left alone for a minute; after that, it keeps its token elsewhere", async () => {
  for (const [minutes, keeper, keptIn] of [
    [0.9, "auto", "keychain"],
    [1.1, "auto", "file"],
    [1.1, "keychain", null],
  ] as const) {
    const clock = { now: Date.parse("2026-11-23T22:05:00.000Z") }
    const { file } = fileInMemory()
    const { keychain, entries } = keychainInMemory()
    const options = {
      ...{ file, keychain, fileDescription: "the file", preference: () => keeper },
      now: () => clock.now,
    }
    const store = createCredentialStore(options)
    const [removed, saved] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const remove = async (entry: string) => {
      await keychain.remove(entry)
      removed.resolve()
      await saved.promise
    }
    const tidying = createCredentialStore({ ...options, keychain: { ...keychain, remove } })
    // The machine sleeps, and another process goes first when it wakes.
    const write = async (entry: string, secret: string) => {
      await keychain.write(entry, secret)
      clock.now += minutes * 60_000
      await Promise.race([tidying.removeLeftovers(), removed.promise])
    }
    const slow = createCredentialStore({ ...options, keychain: { ...keychain, write } })
    const saving = slow.save(CREDENTIAL)
    if (keptIn === null) await expect(saving).rejects.toMatchObject({ problem: "silent" })
    else expect(await saving).toMatchObject({ in: keptIn })
    saved.resolve()
    expect(await store.load()).toEqual(keptIn === null ? null : CREDENTIAL)
    await store.removeLeftovers()
    expect(entries.size).toBe(keptIn === "keychain" ? 1 : 0)
  }
})

test("several at once: whoever is last has the word, and nothing is left of the others", async () => {
  const step = () => new Promise<void>((resolve) => setImmediate(resolve))
  const around: Around = async (_what, operation) => {
    await step()
    return operation()
  }
  const { file, kept } = fileInMemory({}, around)
  const { keychain, entries } = keychainInMemory(around)
  const store = () => createCredentialStore({ file, fileDescription: "the file", keychain })
  const tokens = Array.from({ length: 8 }, (_, index) => `token ${index}`)
  await Promise.all(tokens.map((token) => store().save({ ...CREDENTIAL, token })))
  await Promise.all(tokens.map(() => expect(store().load()).resolves.not.toBeNull()))
  await store().removeLeftovers()
  expect([...entries.values()]).toEqual([(await store().load())?.token])
  await Promise.all(tokens.map((token) => store().clear(digestOf(token), pending(token))))
  await store().removeLeftovers()
  expect([entries.size, kept.content]).toEqual([0, { pending_revocations: expect.anything() }])
})

test("a file that cannot be written when tidying does not undo what was saved", async () => {
  const { file } = fileInMemory({ keychain_leftovers: [{ entry: "e1" }] })
  const { keychain } = keychainInMemory()
  let updates = 0
  const full = {
    ...file,
    update: async (change: Parameters<typeof file.update>[0]) => {
      // Naming the entry, and the sign-in; then the disk is full.
      if (updates++ >= 2) throw new Error("disk full")
      await file.update(change)
    },
  }
  const store = createCredentialStore({ file: full, fileDescription: "the file", keychain })
  expect(await store.save(CREDENTIAL)).toEqual({ in: "keychain" })
  expect(await store.load()).toEqual(CREDENTIAL)
})
