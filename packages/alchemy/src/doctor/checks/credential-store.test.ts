import { digestOf, type Keychain, KeychainError } from "@authchemy/cli-sign-in/credentials"
import { expect, test } from "vitest"
import { signedInConfig } from "../../testing.ts"
import { newToken } from "../../testing-server.ts"
import { testPatient } from "../testing.ts"
import { credentialStore } from "./credential-store.ts"

/** A keychain in memory; `problem`: it does not work. */
function keychainOf(entries: Record<string, string>, problem?: KeychainError): Keychain & { asked: number } {
  const content = new Map(Object.entries(entries))
  const works = () => {
    keychain.asked++
    if (problem !== undefined) throw problem
  }
  const keychain = {
    name: "test keychain",
    asked: 0,
    read: async (entry: string) => {
      works()
      return content.get(entry) ?? null
    },
    write: async () => works(),
    remove: async (entry: string) => {
      works()
      content.delete(entry)
    },
  }
  return keychain
}

const inKeychain = (token: string) => ({
  auth_token_keychain: { entry: "e1", digest: digestOf(token), handle: "" },
  auth_token_server: "https://auth.example.com",
})

test("without a keychain the config file is used, and that is fine", async () => {
  const { look } = await testPatient({ content: signedInConfig("https://auth.example.com") })
  expect(await look(credentialStore)).toMatchObject({
    verdict: "ok",
    found: "the token is in the config file; no keychain is used",
  })
})

test("a token that the keychain has", async () => {
  const token = newToken()
  const { look } = await testPatient({
    content: inKeychain(token),
    context: { keychain: keychainOf({ e1: token }) },
  })
  expect(await look(credentialStore)).toMatchObject({
    verdict: "ok",
    found: "the token is in the keychain; test keychain answers",
  })
})

test("a token that the keychain has no more", async () => {
  const { look } = await testPatient({
    content: inKeychain(newToken()),
    context: { keychain: keychainOf({}) },
  })
  expect(await look(credentialStore)).toMatchObject({
    verdict: "problem",
    todo: expect.stringContaining("alchemy auth login --force"),
  })
})

test.each(["absent", "locked", "silent", "refused"] as const)(
  "a keychain that is %s is a problem where the token is in it, or is to be",
  async (problem) => {
    const broken = () => keychainOf({}, new KeychainError(problem, `it is ${problem}`))
    for (const content of [inKeychain(newToken()), { "credential-store": "keychain" }]) {
      const { look } = await testPatient({ content, context: { keychain: broken() } })
      expect(await look(credentialStore)).toMatchObject({
        verdict: "problem",
        found: `the keychain cannot be used: it is ${problem}`,
        todo: expect.stringMatching(/`alchemy config set credential-store file`/),
      })
    }
    const { look } = await testPatient({ content: {}, context: { keychain: broken() } })
    expect((await look(credentialStore)).verdict).toBe(problem === "absent" ? "ok" : "note")
  },
)

test("where the config file is asked for, the keychain is not waited for", async () => {
  const keychain = keychainOf({}, new KeychainError("silent", "it did not answer"))
  const { look } = await testPatient({ content: { "credential-store": "file" }, context: { keychain } })
  expect(await look(credentialStore)).toMatchObject({ verdict: "ok" })
  expect(keychain.asked).toBe(0)
})

test("a setting that is none", async () => {
  const { look } = await testPatient({ content: { "credential-store": "keychian" } })
  expect(await look(credentialStore)).toMatchObject({ verdict: "problem" })
})

test("entries of no use are removed, those that may be in use are not counted", async () => {
  const content = {
    keychain_leftovers: [{ entry: "old" }, { entry: "new", notBefore: "2026-11-24T12:01:00.000Z" }],
  }
  const keychain = keychainOf({ old: "x", new: "y" })
  const { look, mend } = await testPatient({ content, context: { keychain } })
  expect(await look(credentialStore)).toMatchObject({
    verdict: "note",
    found: "1 of its entries of no use any more",
  })
  const { said, after } = await mend(credentialStore)
  expect({ said, verdict: after.verdict }).toEqual({ said: "1 removed from the keychain", verdict: "ok" })
  expect([await keychain.read("old"), await keychain.read("new")]).toEqual([null, "y"])
})

test("a keychain that does not remove them is not waited for", async () => {
  const keychain = { ...keychainOf({}), remove: () => new Promise<never>(() => {}) }
  const { mend } = await testPatient({
    content: { keychain_leftovers: [{ entry: "old" }] },
    context: { keychain },
  })
  expect(await mend(credentialStore)).toMatchObject({ said: undefined, after: { verdict: "note" } })
})
