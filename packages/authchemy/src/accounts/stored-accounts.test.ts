import { sql } from "kysely"
import { afterEach, beforeEach, expect, test } from "vitest"
import { openDatabase } from "../database/database.ts"
import { createPostgresDatabase, onEachDatabase, onPostgres } from "../database/testing.ts"
import type { BrowserSession } from "./accounts.ts"
import { type AccountsUnderTest, ISSUER, openAccountsUnderTest, PASSWORD, VISIT } from "./accounts-testing.ts"
import { openBetterAuth } from "./better-auth.ts"
import { createPasswordHashing } from "./passwords/password-hashing.ts"
import { createStoredAccounts, type StoredAccounts } from "./stored-accounts.ts"

const ADA = { email: "ada@example.com", password: PASSWORD }

onPostgres(() => {
  let under: AccountsUnderTest
  let location: string
  beforeEach(async () => {
    location = await createPostgresDatabase()
    under = await openAccountsUnderTest({
      name: "PostgreSQL",
      create: async () => location,
      env: async () => ({}),
    })
  })
  afterEach(() => under.close())

  test("an account is made whole or not at all", async () => {
    await under.create("grace@example.com")
    await sql`ALTER TABLE account RENAME COLUMN password TO password_out_of_reach`.execute(under.database)
    await expect(under.create()).rejects.toThrow()
    expect(await under.accounts.administration.list()).toHaveLength(1)
    await sql`ALTER TABLE account RENAME COLUMN password_out_of_reach TO password`.execute(under.database)
    await under.create()
    expect(await under.accounts.passwords.signIn(ADA, VISIT)).toMatchObject({ ok: true })
  })

  test("sixty accounts made at once do not keep each other's connections while they hash", async () => {
    await Promise.all(Array.from({ length: 60 }, (_, index) => under.create(`person-${index}@example.com`)))
    expect(await under.accounts.administration.list()).toHaveLength(60)
  })

  test("S52 while the database takes no connections, nothing is known of anybody; then all goes on", async () => {
    await under.create()
    const { accounts } = under
    const { request, browser } = await under.signedIn()
    const form = { email: "new@example.com", password: PASSWORD, name: "" }
    const elsewhere = openDatabase(await createPostgresDatabase())
    const name = new URL(location).pathname.slice(1)
    await sql`ALTER DATABASE ${sql.id(name)} ALLOW_CONNECTIONS false`.execute(elsewhere)
    const others = sql`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = ${name}`
    await others.execute(elsewhere)
    const asked: (() => Promise<unknown>)[] = [
      () => accounts.browserSession(request),
      () => accounts.passwords.signIn(ADA, VISIT),
      () => accounts.passwords.signUp(form, VISIT),
      () => accounts.passwords.requestReset(form, VISIT),
      () => accounts.passwords.change(browser, { current: PASSWORD, next: PASSWORD }, VISIT),
      () => accounts.secondFactor.begin(browser, ADA, request, VISIT),
      () => accounts.security(browser.account.id),
      () => accounts.browsers.list(browser),
      () => accounts.signOut(request),
      () => accounts.find("somebody"),
      () => accounts.administration.disable(ADA.email),
    ]
    for (const ask of asked) await expect(ask()).rejects.toMatchObject({ code: "store_unavailable" })
    await sql`ALTER DATABASE ${sql.id(name)} ALLOW_CONNECTIONS true`.execute(elsewhere)
    await elsewhere.destroy()
    expect(await accounts.browserSession(request)).toMatchObject({ account: { name: "Ada" } })
    expect(await accounts.administration.list()).toHaveLength(1)
  })
})

onEachDatabase((database) => {
  let under: AccountsUnderTest
  let stored: StoredAccounts
  let id: string
  let browser: BrowserSession
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    const passwords = createPasswordHashing()
    const auth = openBetterAuth({
      ...{
        database: under.database,
        issuer: ISSUER,
        secret: "s".repeat(32),
        mustVerifyEmail: false,
        passwords,
      },
      now: Date.now,
    })
    stored = createStoredAccounts(under.database, auth.context)
    id = (await under.create()).id
    browser = (await under.signedIn()).browser
  })
  afterEach(() => under.close())

  const hash = async () => (await stored.byId(id))?.passwordHash
  const replace = (from: string | null, to: string, by = browser) => stored.replacePassword(by, { from, to })
  const MANY = Array.from({ length: 10 }, (_, index) => `password ${index}`)
  /** So that they then come at the same moment: a connection takes longer to open than a question to be answered. */
  const openConnections = () => Promise.all(MANY.map(() => stored.byId(id)))
  const ended = () => ({ ...browser, sessionId: "ended" })
  const credentials = () =>
    under.database.selectFrom("account").selectAll().where("userId", "=", id).execute()

  test("S49 a password is replaced where it still is the one that was confirmed, and by a session that has not ended", async () => {
    const first = (await hash()) ?? ""
    expect(await replace("another", "second")).toBe(false)
    expect(await replace(null, "second")).toBe(false)
    expect(await replace(first, "second", ended())).toBe(false)
    expect(await hash()).toBe(first)
    expect(await replace(first, "second")).toBe(true)
    expect(await replace(first, "third")).toBe(false)
    expect(await hash()).toBe("second")
  })

  test.each(["gone", "empty"])(
    "S49 the first password is set once, whoever is quicker; its row was %s",
    async (row) => {
      if (row === "gone") await under.database.deleteFrom("account").where("userId", "=", id).execute()
      else await under.database.updateTable("account").set({ password: null }).execute()
      expect(await replace(null, "first", ended())).toBe(false)
      expect(await replace("another", "first")).toBe(false)
      await openConnections()
      const made = await Promise.all(MANY.map((to) => replace(null, to)))
      expect(made.filter(Boolean)).toHaveLength(1)
      expect(await hash()).toBe(MANY[made.indexOf(true)])
      expect(await credentials()).toHaveLength(1)
      await stored.setPassword(id, "by a link")
      expect(await hash()).toBe("by a link")
    },
  )

  test("a password is set where there was none, also by several at the same moment", async () => {
    await under.database.deleteFrom("account").where("userId", "=", id).execute()
    await openConnections()
    await Promise.all(MANY.map((to) => stored.setPassword(id, to)))
    expect(await credentials()).toHaveLength(1)
    expect(await hash()).toMatch(/^password \d$/)
  })
})
