import { type Keychain, KeychainError } from "@authchemy/cli-sign-in/credentials"
import { expect, test } from "vitest"
import { NOBODY, testMachine } from "../../testing.ts"

const TOKEN = `alchemy_at_tAg9${"s".repeat(43)}${"c".repeat(6)}`
const SIGN_IN = {
  auth_token: TOKEN,
  auth_token_expires_at: "2099-01-01T00:00:00.000Z",
  auth_token_server: NOBODY,
}

/** A machine with a keychain that can be locked, and two profiles that are signed in. */
async function machine() {
  const entries = new Map<string, string>()
  const state = { locked: false }
  const open = async <T>(work: () => T): Promise<T> => {
    if (state.locked) throw new KeychainError("locked", "it is locked")
    return work()
  }
  const keychain: Keychain = {
    name: "test keychain",
    read: (entry) => open(() => entries.get(entry) ?? null),
    write: (entry, secret) => open(() => void entries.set(entry, secret)),
    remove: (entry) => open(() => void entries.delete(entry)),
  }
  const config = { ...SIGN_IN, profiles: { work: { ...SIGN_IN, auth_token: "of work" } } }
  const made = await testMachine({ server: NOBODY, config, context: { keychain } })
  return { ...made, entries, state }
}

test("every profile's sign-in moves with the setting, and back", async () => {
  const { run, entries, config } = await machine()
  const there = await run(["config", "set", "credential-store", "keychain"])
  expect(there.json).toEqual({
    key: "credential-store",
    value: "keychain",
    moved: [
      { profile: "default", keptIn: "test keychain" },
      { profile: "work", keptIn: "test keychain" },
    ],
  })
  expect(new Set(entries.values())).toEqual(new Set([TOKEN, "of work"]))
  expect(JSON.stringify(await config())).not.toMatch(/alchemy_at_|of work/)
  expect(await run(["config", "set", "credential-store", "file"])).toMatchObject({ code: 0 })
  expect(entries.size).toBe(0)
  expect(await config()).toMatchObject({ ...SIGN_IN, profiles: { work: { auth_token: "of work" } } })
})

test("a keychain that cannot be used: the setting is as it was, and so is the sign-in", async () => {
  const { run, state, config } = await machine()
  state.locked = true
  const refused = await run(["config", "set", "credential-store", "keychain"])
  expect(refused.error).toMatchObject({
    code: "CREDENTIAL_STORE_ERROR",
    message: expect.stringContaining("locked"),
  })
  expect(await config()).toMatchObject(SIGN_IN)
  expect(await config()).not.toHaveProperty("credential-store")
})

test("a keychain that does not give the sign-in back keeps nobody from doing without it", async () => {
  const { run, state, config } = await machine()
  await run(["config", "set", "credential-store", "keychain"])
  state.locked = true
  const done = await run(["config", "set", "credential-store", "file"], { tty: true })
  expect(done.code).toBe(0)
  expect(done.stdout).toContain(
    "! The sign-in of work stays in the keychain: it is locked.\n  `alchemy auth login --force --profile work` signs in anew.",
  )
  expect(await config()).toMatchObject({ "credential-store": "file", auth_token_keychain: expect.anything() })
})

test("what a sign-out has to leave in a keychain, a command that runs apart removes", async () => {
  const { run, state, entries, detached } = await machine()
  await run(["config", "set", "credential-store", "keychain"])
  state.locked = true
  expect((await run(["auth", "logout", "--profile", "work"])).json).toMatchObject({
    warnings: [expect.stringMatching(/keychain/)],
  })
  expect([detached, entries.size]).toEqual([["auth deliver"], 2])
  state.locked = false
  await run(["auth", "deliver"])
  expect([...entries.values()]).toEqual([TOKEN])
})

test("config reset auth_token removes what the keychain keeps of it", async () => {
  const { run, entries, config } = await machine()
  await run(["config", "set", "credential-store", "keychain"])
  expect((await run(["config", "reset", "auth_token"])).json.reset).toContain("auth_token_keychain")
  expect([...entries.values()]).toEqual(["of work"])
  expect(await config()).not.toHaveProperty("auth_token_keychain")
  expect(await config()).not.toHaveProperty("keychain_leftovers")
})
