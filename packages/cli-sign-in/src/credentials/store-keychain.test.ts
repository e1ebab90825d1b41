import { revocationHandleOf } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { TOKEN } from "../testing.ts"
import { KeychainError, type KeychainProblem } from "./keychain.ts"
import { createCredentialStore, type KeeperPreference } from "./store.ts"
import { digestOf } from "./stored-content.ts"
import { fileInMemory, keychainInMemory } from "./testing.ts"

const NOW = Date.parse("2026-11-23T22:05:00.000Z")
const ACCOUNT = { id: "account-1", email: "ada@example.com", name: "Ada" }
const CREDENTIAL = {
  token: TOKEN,
  expiresAt: "2027-02-21T22:05:00.000Z",
  server: "https://auth.example.com",
}
const PENDING = {
  handle: "h1",
  server: CREDENTIAL.server,
  expiresAt: null,
  since: "2026-11-23T22:05:00.000Z",
}
const UNFINISHED = {
  kind: "code" as const,
  id: "note-1",
  server: CREDENTIAL.server,
  since: "2026-11-23T22:05:00.000Z",
  codeVerifier: "v",
  code: "c",
  redirectUri: "http://127.0.0.1:1/callback",
}
const PROBLEMS: KeychainProblem[] = ["absent", "locked", "silent", "refused", "missing"]

function stored(content: Record<string, unknown> = {}) {
  const { file, kept } = fileInMemory(content)
  const { keychain, entries, state } = keychainInMemory()
  const clock = { now: NOW }
  const options = {
    file,
    fileDescription: "the file",
    keychain,
    preference: (now: Record<string, unknown>) => (now.keeper ?? "auto") as KeeperPreference,
    alsoClear: ["app"],
    now: () => clock.now,
  }
  const store = createCredentialStore(options)
  const named = () => (kept.content.auth_token_keychain as { entry: string } | undefined)?.entry ?? ""
  return { store, options, kept, entries, state, clock, named }
}

test("the token is in the keychain only; the file has its entry's name, its digest and what can end it", async () => {
  const { store, kept, entries, named } = stored({ network: "eth" })
  expect(await store.save(CREDENTIAL, { account: ACCOUNT })).toEqual({ in: "keychain" })
  expect(entries).toEqual(new Map([[named(), TOKEN]]))
  expect(kept.content).toEqual({
    network: "eth",
    auth_token_keychain: {
      entry: expect.stringMatching(/^[0-9a-f-]{36}$/),
      digest: digestOf(TOKEN),
      handle: revocationHandleOf(TOKEN),
    },
    auth_token_expires_at: CREDENTIAL.expiresAt,
    auth_token_server: CREDENTIAL.server,
    auth_token_account: ACCOUNT,
  })
  expect(await store.load()).toEqual(CREDENTIAL)
})

test("who is signed in is told without a keychain being asked", async () => {
  const { store, state } = stored()
  await store.save(CREDENTIAL, { account: ACCOUNT })
  state.asked.length = 0
  state.trouble = "locked"
  expect({ ...(await store.signIn()) }).toEqual({
    digest: digestOf(TOKEN),
    handle: revocationHandleOf(TOKEN),
    expiresAt: CREDENTIAL.expiresAt,
    server: CREDENTIAL.server,
    account: ACCOUNT,
    keptIn: "keychain",
  })
  expect(state.asked).toEqual([])
})

test("saving anew removes the entry before, and is one step with the note and the session it replaces", async () => {
  const { store, kept, entries, named } = stored()
  await store.noteUnfinishedSignIn(UNFINISHED)
  await store.save(CREDENTIAL)
  const before = named()
  await store.save({ ...CREDENTIAL, token: "new" }, { finishes: "note-1", supersedes: PENDING })
  expect(entries).toEqual(new Map([[named(), "new"]]))
  expect(named()).not.toBe(before)
  expect(kept.content).toMatchObject({ pending_revocations: [PENDING] })
  expect(kept.content).not.toHaveProperty("unfinished_sign_ins")
  expect(kept.content).not.toHaveProperty("keychain_leftovers")
})

test.each(PROBLEMS)(
  "a keychain that is %s: the token goes into the file, and it is said why",
  async (problem) => {
    const { store, state, kept, entries } = stored()
    state.trouble = problem
    const outcome = await store.save(CREDENTIAL)
    expect(outcome).toMatchObject({ in: "file", keychain: { problem } })
    expect(state.asked).toEqual(["write"])
    expect(await store.load()).toEqual(CREDENTIAL)
    // What has not answered may have taken it all the same.
    const left = problem === "absent" ? undefined : [{ entry: expect.any(String), notBefore: PENDING.since }]
    expect(kept.content.keychain_leftovers).toEqual(left)
    state.trouble = null
    expect(await store.removeLeftovers()).toBe(true)
    expect([entries.size, kept.content.keychain_leftovers]).toEqual([0, undefined])
  },
)

test.each(PROBLEMS)(
  "a keychain that is %s, where nothing else may keep it: nothing is saved",
  async (problem) => {
    const { store, state, kept } = stored({ keeper: "keychain" })
    state.trouble = problem
    await expect(store.save(CREDENTIAL)).rejects.toMatchObject({ code: "keychain", problem })
    await expect(store.check()).rejects.toMatchObject({ code: "keychain", problem })
    expect(await store.signIn()).toBeNull()
    expect(JSON.stringify(kept.content)).not.toContain(TOKEN)
  },
)

test.each(PROBLEMS)(
  "a token in a keychain that is %s cannot be loaded, and is signed in all the same",
  async (problem) => {
    const { store, state } = stored()
    await store.save(CREDENTIAL)
    state.trouble = problem
    await expect(store.load()).rejects.toMatchObject({ code: "keychain", problem })
    expect(await store.signIn()).not.toBeNull()
    state.trouble = null
    expect(await store.load()).toEqual(CREDENTIAL)
  },
)

test.each(PROBLEMS)(
  "signing out where the keychain is %s: erased in the file, and in the keychain later",
  async (problem) => {
    const { store, state, kept, entries, named } = stored({ app: { id: "app-1" } })
    await store.save(CREDENTIAL)
    const entry = named()
    state.trouble = problem
    expect(await store.clear(digestOf(TOKEN), PENDING)).toBe(false)
    expect(kept.content).toEqual({ pending_revocations: [PENDING], keychain_leftovers: [{ entry }] })
    expect(await store.load()).toBeNull()
    state.trouble = null
    await store.save({ ...CREDENTIAL, token: "new" })
    expect(entries).toEqual(new Map([[named(), "new"]]))
    expect(kept.content).not.toHaveProperty("keychain_leftovers")
  },
)

test("a keychain that hangs holds signing out up for as long as it is told, and a token in the file not at all", async () => {
  const { store, state, options, kept } = stored()
  await store.save(CREDENTIAL)
  state.trouble = "hangs"
  const start = performance.now()
  expect(await store.clear(digestOf(TOKEN), undefined, 30)).toBe(false)
  expect(performance.now() - start).toBeLessThan(450)
  expect(kept.content.keychain_leftovers).toHaveLength(1)
  delete kept.content.keychain_leftovers
  const inFile = createCredentialStore({ ...options, preference: () => "file" })
  await inFile.save({ ...CREDENTIAL, token: "new" })
  expect(await inFile.clear(digestOf("new"), undefined, 0)).toBe(true)
})

test("signing out with the token in the file says nothing of what another sign-in left in a keychain", async () => {
  const { store, state } = stored({ keychain_leftovers: [{ entry: "e1" }], keeper: "file" })
  await store.save(CREDENTIAL)
  state.trouble = "locked"
  expect(await store.clear(digestOf(TOKEN))).toBe(true)
})

test("one entry that is refused does not keep the others; one that is locked is not asked again and again", async () => {
  const leftovers = ["e1", "e2", "e3"].map((entry) => ({ entry }))
  const { store, entries, options, kept, state } = stored({ keychain_leftovers: leftovers })
  for (const { entry } of leftovers) entries.set(entry, "old")
  const refusing = {
    ...options.keychain,
    remove: async (entry: string) => {
      if (entry === "e1") throw new KeychainError("refused", "no")
      await options.keychain.remove(entry)
    },
  }
  expect(await createCredentialStore({ ...options, keychain: refusing }).removeLeftovers()).toBe(false)
  expect([[...entries.keys()], kept.content.keychain_leftovers]).toEqual([["e1"], [{ entry: "e1" }]])
  kept.content.keychain_leftovers = leftovers
  state.asked.length = 0
  state.trouble = "locked"
  expect(await store.removeLeftovers()).toBe(false)
  expect(state.asked).toEqual(["remove"])
})

test("without a keychain: the file, an error where that may not be, and what one on another machine keeps", async () => {
  const { store, options, kept } = stored()
  await store.save(CREDENTIAL)
  const without = createCredentialStore({ ...options, keychain: null })
  await expect(without.load()).rejects.toMatchObject({ problem: "absent" })
  expect(await without.clear(digestOf(TOKEN))).toBe(false)
  expect(kept.content).toEqual({ keychain_leftovers: [expect.anything()] })
  expect(await without.save(CREDENTIAL)).toMatchObject({ in: "file", keychain: { problem: "absent" } })
  kept.content.keeper = "keychain"
  await expect(without.save(CREDENTIAL)).rejects.toMatchObject({ problem: "absent" })
  await expect(without.check()).rejects.toMatchObject({ problem: "absent" })
})

test.each([null, "another secret"])(
  "an entry that holds %j is missing: what is there is not sent to a server",
  async (secret) => {
    const { store, entries, named } = stored()
    await store.save(CREDENTIAL)
    if (secret === null) entries.clear()
    else entries.set(named(), secret)
    await expect(store.load()).rejects.toMatchObject({ problem: "missing" })
  },
)

test("the check before a sign-in writes, and leaves nothing; it asks only where the keychain has to be", async () => {
  const { store, state, entries, kept } = stored()
  await store.check()
  expect(state.asked).toEqual([])
  kept.content.keeper = "keychain"
  await store.check()
  expect([state.asked, entries.size, kept.content]).toEqual([["write", "remove"], 0, { keeper: "keychain" }])
})

test("the sign-in follows the preference, and stays where it is right", async () => {
  const { store, state, kept, entries } = stored({ keeper: "file" })
  expect(await store.relocate()).toBeNull()
  await store.save(CREDENTIAL, { account: ACCOUNT })
  for (const [keeper, where] of [
    ["file", "file"],
    ["keychain", "keychain"],
    ["auto", "keychain"],
    ["file", "file"],
    ["auto", "keychain"],
  ]) {
    kept.content.keeper = keeper
    expect(await store.relocate()).toEqual({ in: where })
    expect(entries.size).toBe(where === "file" ? 0 : 1)
    expect(await store.load()).toEqual(CREDENTIAL)
    expect(await store.signIn()).toMatchObject({ account: ACCOUNT, keptIn: where })
  }
  state.asked.length = 0
  await store.relocate()
  expect(state.asked).toEqual([])
})

test.each(PROBLEMS)("a move out of a keychain that is %s fails, and nothing is changed", async (problem) => {
  const { store, state, kept } = stored()
  await store.save(CREDENTIAL)
  kept.content.keeper = "file"
  const before = structuredClone(kept.content)
  state.trouble = problem
  await expect(store.relocate()).rejects.toMatchObject({ problem })
  expect(kept.content).toEqual(before)
})

test("who signs out or in while a sign-in is moved has the last word", async () => {
  for (const other of [null, { ...CREDENTIAL, token: "newer" }]) {
    const { store, options, kept, entries } = stored({ keeper: "file" })
    await store.save(CREDENTIAL)
    kept.content.keeper = "keychain"
    let done = false
    const meanwhile = async () => {
      if (done) return
      done = true
      kept.content.keeper = "file"
      if (other === null) await store.clear(digestOf(TOKEN))
      else await store.save(other)
      kept.content.keeper = "keychain"
    }
    const write = async (entry: string, secret: string) => {
      await options.keychain.write(entry, secret)
      await meanwhile()
    }
    const slow = createCredentialStore({ ...options, keychain: { ...options.keychain, write } })
    expect(await slow.relocate()).toEqual(other === null ? null : { in: "keychain" })
    expect(await store.load()).toEqual(other)
    expect([...entries.values()]).toEqual(other === null ? [] : ["newer"])
  }
})

test("a token that another process has moved meanwhile is found where it is now", async () => {
  const { store, options } = stored()
  await store.save(CREDENTIAL)
  let reads = 0
  const read = async (entry: string) => {
    if (reads++ === 0) await store.save({ ...CREDENTIAL, token: "newer" })
    return options.keychain.read(entry)
  }
  const slow = createCredentialStore({ ...options, keychain: { ...options.keychain, read } })
  expect(await slow.load()).toMatchObject({ token: "newer" })
})
