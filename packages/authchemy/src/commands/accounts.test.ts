import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, beforeAll, expect, test } from "vitest"
import { parseConfig } from "../config.ts"
import { openServices, type Services } from "../services.ts"
import { runAuthchemy } from "./testing.ts"

const PASSWORD = "correct horse battery"
const VISIT = { address: "192.0.2.1", agent: null }
let directory: string
let services: Services
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-accounts-"))
  services = await openServices(
    parseConfig({ AUTHCHEMY_DATA_DIR: directory, AUTHCHEMY_BREACHED_PASSWORDS_URL: "off" }),
  )
})
afterAll(async () => {
  await services.close()
  await rm(directory, { recursive: true })
})

const authchemy = (args: string[], options?: Parameters<typeof runAuthchemy>[2]) =>
  runAuthchemy(directory, args, options)

/** An account with a command-line session. */
async function create(email: string) {
  const { id } = await services.accounts.administration.create({ email, password: PASSWORD, name: "" })
  const device = { name: "laptop" }
  const issued = await services.tokens.createSession({
    ...ALCHEMY_GRANT,
    ...{ accountId: id, expiresInSeconds: 60, device },
  })
  return { id, token: issued.token }
}
const signIn = (email: string, password = PASSWORD) =>
  services.accounts.passwords.signIn({ email, password }, VISIT)

test("S48 an account that is enabled again signs in, and what was ended stays ended", async () => {
  const { id, token } = await create("ada@example.com")
  await authchemy(["accounts", "disable", "ada@example.com"])
  expect(await signIn("ada@example.com")).toMatchObject({ ok: false })
  expect(await authchemy(["accounts", "enable", "ADA@example.com"])).toEqual({
    code: 0,
    stdout: "Enabled ada@example.com; it has to sign in anew\n",
    stderr: "",
  })
  expect(await services.accounts.find(id)).toMatchObject({ email: "ada@example.com" })
  expect(await signIn("ada@example.com")).toMatchObject({ ok: true })
  expect(await services.tokens.verify(token)).toBeNull()
})

test("enabling an account that is not disabled changes nothing, and says so", async () => {
  const { id, token } = await create("active@example.com")
  expect(await authchemy(["accounts", "enable", "Active@example.com"])).toEqual({
    code: 0,
    stdout: "active@example.com is not disabled; nothing was changed\n",
    stderr: "",
  })
  expect(await services.tokens.verify(token)).not.toBeNull()
  const { events } = await services.audit.list({ accountId: id, types: ["account.enabled"], limit: 1 })
  expect(events).toEqual([])
})

test("S48 a reset ends every session and prints a link that sets a new password", async () => {
  const { token } = await create("reset@example.com")
  const { code, stdout, stderr } = await authchemy(["accounts", "reset", "reset@example.com"])
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  expect(stdout).toMatch(/^Reset reset@example\.com: signed out of every browser; ended 1 session\n/)
  expect(stdout).toMatch(/\nA new password is set here, once, within 60 minutes:\nhttp:\/\/\S+\n$/)
  expect(await services.tokens.verify(token)).toBeNull()
  const link = new URL(/http:\S+/.exec(stdout)?.[0] ?? "")
  const form = { token: link.searchParams.get("token") ?? "", password: "staple after staple" }
  expect(await services.accounts.passwords.reset(form, VISIT)).toMatchObject({ ok: true })
  expect(await signIn("reset@example.com", form.password)).toMatchObject({ ok: true })
})

test("a reset says what else it took away", async () => {
  await create("lost@example.com")
  const { stdout } = await authchemy(["accounts", "reset", "--email", "lost@example.com", "--second-factor"])
  expect(stdout).toContain("ended 1 session; removed the second factor and the passkeys\n")
})

test("a reset says what still opens the account, and what goes when its email was never verified", async () => {
  const { id } = await create("open@example.com")
  const key = { scopes: [], expiresInSeconds: null }
  await services.accessKeys.create(id, { ...key, name: "CI" })
  const plain = await authchemy(["accounts", "reset", "open@example.com"])
  expect(plain.stdout).toContain("\nStill open it: 1 access key\nA new password is set here")
  const at = "2026-11-23T22:05:00.000Z"
  for (const provider_id of ["acme", "globex"]) {
    const identity = { provider_id, issuer: "https://acme.example", subject: "1", account_id: id }
    await services.database
      .insertInto("provider_identity")
      .values({ ...identity, created_at: at, last_used_at: null })
      .execute()
  }
  await services.database.updateTable("user").set({ emailVerified: 0 }).where("id", "=", id).execute()
  const { stdout } = await authchemy(["accounts", "reset", "open@example.com", "--second-factor"])
  expect(stdout).toContain(
    "\nStill open it: 2 links to providers, 1 access key\nIts email was never verified:",
  )
})

test("a reset of a disabled account says that its link is good when it is enabled", async () => {
  await create("off@example.com")
  await authchemy(["accounts", "disable", "off@example.com"])
  const { stdout } = await authchemy(["accounts", "reset", "off@example.com"])
  expect(stdout).toMatch(/\nhttp:\S+\nThe account is disabled: until it is enabled, the link sets nothing\n$/)
})

test.each(["enable", "reset"])("%s takes one email of an account that is there", async (command) => {
  expect(await authchemy(["accounts", command, "nobody@example.com"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no account with the email nobody@example.com"),
  })
  for (const args of [[], ["a@example.com", "--email", "b@example.com"]]) {
    expect(await authchemy(["accounts", command, ...args])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`one email must be given: authchemy accounts ${command} <email>`),
    })
  }
})

test("what the operator does is recorded as the operator's", async () => {
  const { id } = await create("told@example.com")
  await authchemy(["accounts", "reset", "told@example.com"])
  await authchemy(["accounts", "disable", "told@example.com"])
  await authchemy(["accounts", "enable", "told@example.com"])
  const { events } = await services.audit.list({ accountId: id, limit: 100 })
  const byOperator = events.filter(({ origin }) => origin.actor === "operator").map(({ type }) => type)
  expect(byOperator.toSorted()).toEqual([
    "account.disabled",
    "account.enabled",
    "account.reset",
    "token.revoked",
  ])
})
