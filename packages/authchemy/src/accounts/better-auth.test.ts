import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { StoreUnavailableError } from "@authchemy/tokens"
import { sql } from "kysely"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { type Database, openDatabase } from "../database/database.ts"
import { migrate } from "../database/migrate.ts"
import { createPostgresDatabase, onEachDatabase, onPostgres } from "../database/testing.ts"
import { createMemoryRateLimits } from "../limits/memory.ts"
import type { OpenRateLimiter } from "../limits/rate-limiter.ts"
import { type BuiltInAccounts, createBuiltInAccounts } from "./better-auth.ts"

const PASSWORD = "correct horse battery"
let directory: string
let database: Database
let accounts: BuiltInAccounts

const open = async (
  change: { issuer?: string; signUpAllowed?: boolean; openRateLimiter?: OpenRateLimiter } = {},
) => {
  const made = createBuiltInAccounts({
    database,
    issuer: "http://localhost:4000",
    secret: "s".repeat(32),
    signUpAllowed: true,
    ...change,
  })
  await migrate(database, join(directory, "migrate.lock"), made.migrate)
  return made
}

const openOn = async (location: string) => {
  database = openDatabase(location)
  accounts = await open()
}
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-accounts-"))
})
afterEach(async () => {
  await database.destroy()
  await rm(directory, { recursive: true })
})

const create = (email = "ada@example.com", name = "Ada") =>
  accounts.create({ email, password: PASSWORD, name })
const requestWith = (cookies: string[]) =>
  new Request("http://localhost:4000/", {
    headers: { cookie: cookies.map((cookie) => cookie.split(";")[0]).join("; ") },
  })
const blank = new Request("http://localhost:4000/")
const signIn = (email = "ada@example.com", password = PASSWORD, clientAddress = "127.0.0.1") =>
  accounts.signIn({ email, password }, blank, { clientAddress })
const cookiesOf = async (outcome: ReturnType<typeof signIn>) => {
  const result = await outcome
  if (!result.ok) throw new Error(result.message)
  return result.setCookies
}

onEachDatabase(({ create: createDatabase }) => {
  beforeEach(async () => openOn(await createDatabase(directory)))

  test("a person signs in, is known by the cookie, and signs out", async () => {
    const { id } = await create()
    const cookies = await cookiesOf(signIn("  Ada@Example.com "))
    const session = await accounts.browserSession(requestWith(cookies))
    expect(session).toEqual({
      account: { id, email: "ada@example.com", name: "Ada" },
      sessionId: expect.any(String),
    })
    expect(await accounts.find(id)).toEqual(session?.account)
    const cleared = await accounts.signOut(requestWith(cookies))
    expect(cleared.join()).toMatch(/Max-Age=0/i)
    expect(await accounts.browserSession(requestWith(cookies))).toBeNull()
  })

  test("cookies are out of reach of scripts and other sites, and Secure on https", async () => {
    await create()
    const [cookie = ""] = await cookiesOf(signIn())
    expect(cookie).toMatch(/^authchemy\.session_token=/)
    expect(cookie).toMatch(/HttpOnly/i)
    expect(cookie).toMatch(/SameSite=Lax/i)
    expect(cookie).not.toMatch(/Secure/i)
    accounts = await open({ issuer: "https://auth.example.com" })
    expect((await cookiesOf(signIn()))[0]).toMatch(/^__(Secure|Host)-authchemy\.session_token=.*Secure/i)
  })

  test("S17 a session cookie planted before sign-in is not adopted: the session is a new one", async () => {
    await create()
    await create("mallory@example.com", "Mallory")
    const planted = await cookiesOf(signIn("mallory@example.com"))
    const before = await accounts.browserSession(requestWith(planted))
    const outcome = await accounts.signIn(
      { email: "ada@example.com", password: PASSWORD },
      requestWith(planted),
    )
    if (!outcome.ok) throw new Error(outcome.message)
    const after = await accounts.browserSession(requestWith(outcome.setCookies))
    expect(after?.account.email).toBe("ada@example.com")
    expect(after?.sessionId).not.toBe(before?.sessionId)
    expect((await accounts.browserSession(requestWith(planted)))?.account.email).toBe("mallory@example.com")
  })

  test("a forged or missing cookie is nobody", async () => {
    await create()
    const [cookie = ""] = await cookiesOf(signIn())
    expect(await accounts.browserSession(blank)).toBeNull()
    expect(await accounts.browserSession(requestWith([`${cookie.split(";")[0]}x`]))).toBeNull()
    expect(await accounts.browserSession(requestWith(["authchemy.session_token=x"]))).toBeNull()
  })

  test("an unknown email and a wrong password are told in the same words", async () => {
    await create()
    const wrong = await signIn("ada@example.com", "wrong wrong wrong")
    expect(wrong).toEqual({ ok: false, field: "form", message: expect.any(String) })
    expect(await signIn("nobody@example.com")).toEqual(wrong)
    expect(await signIn("not an email")).toMatchObject({ ok: false, field: "email" })
    expect(await signIn("ada@example.com", "")).toMatchObject({ ok: false, field: "password" })
  })

  test("ten wrong passwords for one email from one address are enough; others go on", async () => {
    await create()
    for (let attempt = 0; attempt < 10; attempt++) {
      expect(await signIn("ada@example.com", "wrong wrong wrong")).not.toHaveProperty("retryAfterSeconds")
    }
    const limited = await signIn()
    expect(limited).toMatchObject({ ok: false, retryAfterSeconds: expect.any(Number) })
    expect(await signIn("ada@example.com", PASSWORD, "192.0.2.1")).toMatchObject({ ok: true })
  })

  test("servers that share their counts allow ten together; the right password costs nothing", async () => {
    const openRateLimiter = createMemoryRateLimits().open
    const servers = [await open({ openRateLimiter }), await open({ openRateLimiter })]
    await create()
    for (let attempt = 0; attempt < 9; attempt++) {
      accounts = servers[attempt % 2] ?? accounts
      expect(await signIn("ada@example.com", "wrong wrong wrong")).not.toHaveProperty("retryAfterSeconds")
    }
    for (accounts of [...servers, ...servers]) expect(await signIn()).toMatchObject({ ok: true })
    await signIn("ada@example.com", "wrong wrong wrong")
    for (accounts of servers) expect(await signIn()).toHaveProperty("retryAfterSeconds")
  })

  test("S52 where the counts are out of reach, nobody signs in and no account is made", async () => {
    const fault = new StoreUnavailableError(new Error("silent"))
    const openRateLimiter: OpenRateLimiter = () => ({ admit: () => Promise.reject(fault) })
    accounts = await open({ openRateLimiter })
    await create()
    await expect(signIn()).rejects.toBe(fault)
    const form = { email: "new@example.com", password: PASSWORD, name: "" }
    await expect(accounts.signUp(form, blank)).rejects.toBe(fault)
    expect(await accounts.list()).toHaveLength(1)
  })

  describe("making an account", () => {
    test("by the form signs the browser in", async () => {
      const form = { email: "New@Example.com", password: PASSWORD, name: "" }
      const outcome = await accounts.signUp(form, blank)
      if (!outcome.ok) throw new Error(outcome.message)
      const session = await accounts.browserSession(requestWith(outcome.setCookies))
      expect(session?.account).toMatchObject({ email: "new@example.com", name: "new" })
      expect(await accounts.signUp(form, blank)).toMatchObject({ ok: false, field: "email" })
    })

    test.each([
      [{ email: "no email" }, "invalid_email"],
      [{ password: "short" }, "invalid_password"],
      [{ password: "x".repeat(129) }, "invalid_password"],
    ])("%j is refused", async (change, code) => {
      const account = { email: "ada@example.com", password: PASSWORD, name: "Ada", ...change }
      await expect(accounts.create(account)).rejects.toMatchObject({ code })
      expect(await accounts.signUp(account, blank)).toMatchObject({ ok: false })
    })

    test("a taken email is refused, however it is spelled", async () => {
      await create()
      await expect(create("ADA@example.com")).rejects.toMatchObject({ code: "email_taken" })
    })

    test("of several with one email at the same moment, one is made and the others are told it is taken", async () => {
      const made = await Promise.allSettled(Array.from({ length: 5 }, () => create()))
      expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
      for (const one of made) {
        if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "email_taken" })
      }
      expect(await signIn()).toMatchObject({ ok: true })
    })

    test("by the form is limited for each address, so that emails cannot be found out by the thousand", async () => {
      const taken = { email: "ada@example.com", password: PASSWORD, name: "" }
      await create()
      for (let index = 0; index < 100; index++) {
        expect(await accounts.signUp(taken, blank, { clientAddress: "192.0.2.1" })).toMatchObject({
          ok: false,
          field: "email",
        })
      }
      expect(await accounts.signUp(taken, blank, { clientAddress: "192.0.2.1" })).toMatchObject({
        field: "form",
        retryAfterSeconds: expect.any(Number),
      })
      expect(await accounts.signUp(taken, blank, { clientAddress: "192.0.2.2" })).toMatchObject({
        field: "email",
      })
    })

    test("by the form is refused where sign-up is closed; the operator still can", async () => {
      accounts = await open({ signUpAllowed: false })
      const form = { email: "ada@example.com", password: PASSWORD, name: "Ada" }
      expect(await accounts.signUp(form, blank)).toMatchObject({ ok: false, field: "form" })
      expect(await create()).toMatchObject({ email: "ada@example.com", disabledAt: null })
    })
  })

  test("a disabled account is refused everywhere at once", async () => {
    const { id } = await create()
    await create("grace@example.com", "Grace")
    const cookies = await cookiesOf(signIn())
    expect(await accounts.disable("ADA@example.com")).toMatchObject({ id, disabledAt: expect.any(Date) })
    expect(await accounts.browserSession(requestWith(cookies))).toBeNull()
    expect(await accounts.find(id)).toBeNull()
    expect(await signIn()).toMatchObject({ ok: false, message: expect.stringContaining("disabled") })
    expect(await signIn("ada@example.com", "wrong wrong wrong")).toMatchObject({
      message: expect.stringContaining("wrong"),
    })
    expect((await accounts.list()).map(({ email, disabledAt }) => [email, disabledAt !== null])).toEqual([
      ["ada@example.com", true],
      ["grace@example.com", false],
    ])
    expect(await accounts.disable("nobody@example.com")).toBeNull()
  })

  test("a database that cannot be asked is never an answer: nobody is signed in, and nobody is told to be signed out", async () => {
    await create()
    const cookies = await cookiesOf(signIn())
    await sql`ALTER TABLE session RENAME TO session_out_of_reach`.execute(database)
    await expect(accounts.signOut(requestWith(cookies))).rejects.toThrow()
    await expect(accounts.browserSession(requestWith(cookies))).rejects.toThrow()
    await expect(signIn()).rejects.toThrow()
    await sql`ALTER TABLE session_out_of_reach RENAME TO session`.execute(database)
    expect(await accounts.browserSession(requestWith(cookies))).not.toBeNull()
  })

  test("S45 of a password, a salted hash is kept", async () => {
    await create()
    const { rows } = await sql`SELECT * FROM account`.execute(database)
    expect(rows).toMatchObject([{ password: expect.stringMatching(/^[0-9a-f]{32}:[0-9a-f]{128}$/) }])
    expect(JSON.stringify(rows)).not.toContain(PASSWORD)
  })
})

onPostgres(() => {
  let location: string
  beforeEach(async () => {
    location = await createPostgresDatabase()
    await openOn(location)
  })

  test("an account is made whole or not at all", async () => {
    await create("grace@example.com")
    await sql`ALTER TABLE account RENAME TO account_out_of_reach`.execute(database)
    await expect(create()).rejects.toThrow()
    expect(await accounts.list()).toHaveLength(1)
    await sql`ALTER TABLE account_out_of_reach RENAME TO account`.execute(database)
    await create()
    expect(await signIn()).toMatchObject({ ok: true })
  })

  test("sixty accounts made at once do not keep each other's connections while they hash", async () => {
    await Promise.all(Array.from({ length: 60 }, (_, index) => create(`person-${index}@example.com`)))
    expect(await accounts.list()).toHaveLength(60)
  })

  test("S52 while the database takes no connections, nothing is known of anybody; then all goes on", async () => {
    await create()
    const cookies = await cookiesOf(signIn())
    const form = { email: "new@example.com", password: PASSWORD, name: "" }
    const elsewhere = openDatabase(await createPostgresDatabase())
    const name = new URL(location).pathname.slice(1)
    await sql`ALTER DATABASE ${sql.id(name)} ALLOW_CONNECTIONS false`.execute(elsewhere)
    const others = sql`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = ${name}`
    await others.execute(elsewhere)
    const asked: (() => Promise<unknown>)[] = [
      () => accounts.browserSession(requestWith(cookies)),
      () => accounts.signIn({ email: "ada@example.com", password: PASSWORD }, blank),
      () => accounts.signUp(form, blank),
      () => accounts.signOut(requestWith(cookies)),
      () => accounts.find("somebody"),
      () => accounts.disable("ada@example.com"),
    ]
    for (const ask of asked) await expect(ask()).rejects.toMatchObject({ code: "store_unavailable" })
    await sql`ALTER DATABASE ${sql.id(name)} ALLOW_CONNECTIONS true`.execute(elsewhere)
    await elsewhere.destroy()
    expect(await accounts.browserSession(requestWith(cookies))).toMatchObject({ account: { name: "Ada" } })
    expect(await accounts.list()).toHaveLength(1)
  })
})

test("S45 the file holds no password, and only its owner can read it", async () => {
  await openOn(join(directory, "authchemy.db"))
  await create()
  await cookiesOf(signIn())
  const names = (await readdir(directory)).filter((name) => name.startsWith("authchemy.db"))
  const dump = Buffer.concat(await Promise.all(names.map((name) => readFile(join(directory, name)))))
  expect(dump.includes("ada@example.com")).toBe(true)
  expect(dump.includes(PASSWORD)).toBe(false)
  expect((await stat(join(directory, "authchemy.db"))).mode & 0o777).toBe(0o600)
})
