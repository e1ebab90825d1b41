import { sql } from "kysely"
import { afterEach, beforeEach, expect, test } from "vitest"
import { openDatabase } from "../database/database.ts"
import { createPostgresDatabase, onPostgres } from "../database/testing.ts"
import { type AccountsUnderTest, openAccountsUnderTest, PASSWORD, VISIT } from "./accounts-testing.ts"

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
      () => accounts.passwords.change(browser, { current: PASSWORD, next: PASSWORD }, request, VISIT),
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
