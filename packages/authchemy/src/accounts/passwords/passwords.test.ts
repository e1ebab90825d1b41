import { readdir, readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { StoreUnavailableError } from "@authchemy/tokens"
import { sql } from "kysely"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { PostgresDatabase } from "../../database/postgres.ts"
import { onEachDatabase } from "../../database/testing.ts"
import { createMemoryRateLimits } from "../../limits/memory.ts"
import type { OpenRateLimiter } from "../../limits/rate-limiter.ts"
import {
  type AccountsUnderTest,
  cookiesOf,
  NEXT_PASSWORD,
  openAccountsUnderTest,
  PASSWORD,
  requestWith,
  VISIT,
} from "../accounts-testing.ts"

let under: AccountsUnderTest
let accounts: AccountsUnderTest["accounts"]
const ADA = { email: "ada@example.com", password: PASSWORD }
const signIn = (change: object = {}, address = VISIT.address) =>
  accounts.passwords.signIn({ ...ADA, ...change }, { ...VISIT, address })

/** After the old password was compared: when the session that it opens is there. */
async function changePasswordWhenSessionIsMade() {
  if (under.database instanceof PostgresDatabase) {
    await sql`CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN UPDATE account SET password = 'another'; RETURN NEW; END $$`.execute(under.database)
    await sql`CREATE TRIGGER meanwhile AFTER INSERT ON session EXECUTE FUNCTION meanwhile()`.execute(
      under.database,
    )
  } else {
    await sql`CREATE TRIGGER meanwhile AFTER INSERT ON session
      BEGIN UPDATE account SET password = 'another'; END`.execute(under.database)
  }
}

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    accounts = under.accounts
  })
  afterEach(() => under.close())

  test("a person signs in, is known by the cookie, and signs out", async () => {
    const { id } = await under.create()
    const request = requestWith(cookiesOf(await signIn({ email: "  Ada@Example.com " })))
    const session = await accounts.browserSession(request)
    expect(session).toEqual({ account: { id, email: ADA.email, name: "Ada" }, sessionId: expect.any(String) })
    expect(await accounts.find(id)).toEqual(session?.account)
    expect((await accounts.signOut(request)).join()).toMatch(/Max-Age=0/i)
    expect(await accounts.browserSession(request)).toBeNull()
    expect(under.events.map(({ type }) => type)).toEqual(["account.created", "sign_in.succeeded", "sign_out"])
    expect(under.recorded("sign_in.succeeded")).toEqual([{ accountId: id, details: { method: "password" } }])
  })

  test("cookies are out of reach of scripts and other sites, and Secure on https", async () => {
    await under.create()
    const [cookie = ""] = cookiesOf(await signIn())
    expect(cookie).toMatch(/^authchemy\.session_token=/)
    expect(cookie).toMatch(/HttpOnly/i)
    expect(cookie).toMatch(/SameSite=Lax/i)
    expect(cookie).not.toMatch(/Secure/i)
    accounts = under.again({ issuer: "https://auth.example.com" })
    const secured = cookiesOf(await signIn())
    expect(secured[0]).toMatch(/^__(Secure|Host)-authchemy\.session_token=.*Secure/i)
    expect(await accounts.browserSession(requestWith(secured))).not.toBeNull()
  })

  test("S17 a session cookie planted before sign-in is not adopted: the session is a new one", async () => {
    await under.create()
    await under.create("mallory@example.com")
    const planted = await under.signedIn("mallory@example.com")
    const after = await under.signedIn()
    expect(after.browser.account.email).toBe("ada@example.com")
    expect(after.browser.sessionId).not.toBe(planted.browser.sessionId)
    expect((await under.signedIn()).browser.sessionId).not.toBe(after.browser.sessionId)
    expect((await under.browserOf(planted.request)).account.email).toBe("mallory@example.com")
  })

  test("a forged or missing cookie is nobody", async () => {
    await under.create()
    const [cookie = ""] = cookiesOf(await signIn())
    expect(await accounts.browserSession(requestWith([]))).toBeNull()
    expect(await accounts.browserSession(requestWith([`${cookie.split(";")[0]}x`]))).toBeNull()
    expect(await accounts.browserSession(requestWith(["authchemy.session_token=x"]))).toBeNull()
  })

  test("an unknown email and a wrong password are told in the same words; the log tells them apart without the email", async () => {
    const { id } = await under.create()
    const wrong = await signIn({ password: "wrong wrong wrong" })
    expect(wrong).toEqual({ ok: false, field: "form", message: expect.any(String) })
    expect(await signIn({ email: "nobody@example.com" })).toEqual(wrong)
    expect(await signIn({ email: "not an email" })).toMatchObject({ ok: false, field: "email" })
    expect(await signIn({ password: "" })).toMatchObject({ ok: false, field: "password" })
    expect(under.recorded("sign_in.failed")).toEqual([
      { accountId: id, details: { method: "password", reason: "wrong_password" } },
      { accountId: null, details: { method: "password", reason: "unknown_email" } },
    ])
    expect(JSON.stringify(under.events)).not.toContain("nobody@example.com")
  })

  test("an email or password with U+0000 in it is wrong, not a crash", async () => {
    await under.create()
    expect(await signIn({ email: "a\0da@example.com" })).toMatchObject({ ok: false })
    expect(await signIn({ password: "correct\0horse" })).toMatchObject({ ok: false, field: "form" })
  })

  test("ten wrong passwords for one email from one address are enough; others go on", async () => {
    await under.create()
    for (let attempt = 0; attempt < 10; attempt++) {
      expect(await signIn({ password: "wrong wrong wrong" })).not.toHaveProperty("retryAfterSeconds")
    }
    expect(await signIn()).toMatchObject({ ok: false, retryAfterSeconds: expect.any(Number) })
    expect(await signIn({}, "198.51.100.1")).toMatchObject({ ok: true })
  })

  test("servers that share their counts allow ten together; the right password costs nothing", async () => {
    const openRateLimiter = createMemoryRateLimits().open
    const servers = [under.again({ openRateLimiter }), under.again({ openRateLimiter })]
    await under.create()
    for (let attempt = 0; attempt < 9; attempt++) {
      accounts = servers[attempt % 2] ?? accounts
      expect(await signIn({ password: "wrong wrong wrong" })).not.toHaveProperty("retryAfterSeconds")
    }
    for (accounts of [...servers, ...servers]) expect(await signIn()).toMatchObject({ ok: true })
    await signIn({ password: "wrong wrong wrong" })
    for (accounts of servers) expect(await signIn()).toHaveProperty("retryAfterSeconds")
  })

  test("S52 where the counts are out of reach, nobody signs in and no account is made", async () => {
    const fault = new StoreUnavailableError(new Error("silent"))
    const openRateLimiter: OpenRateLimiter = () => ({ admit: () => Promise.reject(fault) })
    accounts = under.again({ openRateLimiter })
    await under.create()
    await expect(signIn()).rejects.toBe(fault)
    const form = { email: "new@example.com", password: PASSWORD, name: "" }
    await expect(accounts.passwords.signUp(form, VISIT)).rejects.toBe(fault)
    expect(await accounts.administration.list()).toHaveLength(1)
  })

  test("a disabled account is refused everywhere at once", async () => {
    const { id } = await under.create()
    const { request } = await under.signedIn()
    await accounts.administration.disable(ADA.email)
    expect(await accounts.browserSession(request)).toBeNull()
    expect(await accounts.find(id)).toBeNull()
    expect(await signIn()).toMatchObject({ ok: false, message: expect.stringContaining("disabled") })
    expect(await signIn({ password: "wrong wrong wrong" })).toMatchObject({
      message: expect.stringContaining("wrong"),
    })
    expect(under.recorded("sign_in.failed")).toEqual([
      { accountId: id, details: { method: "password", reason: "account_disabled" } },
      { accountId: id, details: { method: "password", reason: "wrong_password" } },
    ])
  })

  test("a database that cannot be asked is never an answer: nobody is signed in, and nobody is told to be signed out", async () => {
    await under.create()
    const { request } = await under.signedIn()
    await sql`ALTER TABLE session RENAME TO session_out_of_reach`.execute(under.database)
    await expect(accounts.signOut(request)).rejects.toThrow()
    await expect(accounts.browserSession(request)).rejects.toThrow()
    await expect(signIn()).rejects.toThrow()
    await sql`ALTER TABLE session_out_of_reach RENAME TO session`.execute(under.database)
    expect(await accounts.browserSession(request)).not.toBeNull()
  })

  describe("changing the password", () => {
    const change = async (form: { current?: string; next?: string } = {}) => {
      const { browser, request } = await under.signedIn()
      const filled = { current: PASSWORD, next: NEXT_PASSWORD, ...form }
      return { browser, request, outcome: await accounts.passwords.change(browser, filled, VISIT) }
    }

    test("S48 ends every other browser and every command-line session; this browser gets a new session", async () => {
      const { id } = await under.create()
      const other = await under.signedIn()
      const token = await under.commandLineSession(id)
      const { browser, request, outcome } = await change()
      expect(outcome).toMatchObject({ ok: true, endedSessions: 1 })
      expect(await under.tokens.verify(token)).toBeNull()
      expect(await accounts.browserSession(other.request)).toBeNull()
      expect(await accounts.browserSession(request)).toBeNull()
      const anew = await under.browserOf(requestWith(cookiesOf(outcome)))
      expect(anew.account).toEqual(browser.account)
      expect(anew.sessionId).not.toBe(browser.sessionId)
      expect(await signIn()).toMatchObject({ ok: false })
      expect(await signIn({ password: NEXT_PASSWORD })).toMatchObject({ ok: true, step: "signed_in" })
      expect(under.recorded("password.changed")).toEqual([{ accountId: id, details: { endedSessions: 1 } }])
      await accounts.settled()
      expect(under.mail.sent).toMatchObject([{ to: ADA.email, link: null }])
    })

    test("S48 a sign-in with the old password that is under way does not outlive the change", async () => {
      const { id } = await under.create()
      await changePasswordWhenSessionIsMade()
      expect(await signIn()).toMatchObject({ ok: false, field: "form" })
      const left = under.database.selectFrom("session").selectAll().where("userId", "=", id)
      expect(await left.execute()).toEqual([])
    })

    test("S48, S49 a change that a reset has overtaken does not put another password in its place", async () => {
      await under.create()
      const owner = under.accounts
      await owner.passwords.requestReset({ email: ADA.email }, VISIT)
      const { token } = await under.linkOf(ADA.email)
      const resetMeanwhile = async () => {
        const form = { token, password: NEXT_PASSWORD }
        expect(await owner.passwords.reset(form, VISIT)).toMatchObject({ ok: true })
        return false
      }
      accounts = under.again({ breachedPasswords: { isBreached: resetMeanwhile } })
      const { request, outcome } = await change({ next: "the thief's password" })
      expect(outcome).toMatchObject({ ok: false, message: expect.stringContaining("changed meanwhile") })
      expect(await signIn({ password: "the thief's password" })).toMatchObject({ ok: false })
      expect(await signIn({ password: NEXT_PASSWORD })).toMatchObject({ ok: true })
      expect(await accounts.browserSession(request)).toBeNull()
      expect(under.recorded("password.changed")).toEqual([])
    })

    test("S48 a change whose last sessions could not be ended is made, and so it is recorded and told", async () => {
      const { id } = await under.create()
      const revokeSessions = vi
        .fn(under.tokens.revokeSessions)
        .mockResolvedValueOnce(0)
        .mockRejectedValueOnce(new StoreUnavailableError(new Error("silent")))
      accounts = under.again({ tokens: { ...under.tokens, revokeSessions } })
      await expect(change()).rejects.toMatchObject({ code: "store_unavailable" })
      expect(await signIn({ password: NEXT_PASSWORD })).toMatchObject({ ok: true })
      expect(under.recorded("password.changed")).toEqual([{ accountId: id, details: { endedSessions: 0 } }])
      await accounts.settled()
      expect(under.mail.sent).toMatchObject([{ to: ADA.email, link: null }])
    })

    test("S48 where command-line sessions cannot be ended, the password stays", async () => {
      await under.create()
      const revokeSessions = vi.fn().mockRejectedValue(new StoreUnavailableError(new Error("silent")))
      accounts = under.again({ tokens: { ...under.tokens, revokeSessions } })
      await expect(change()).rejects.toMatchObject({ code: "store_unavailable" })
      expect(await signIn()).toMatchObject({ ok: true })
    })

    test.each([
      [{ current: "wrong wrong wrong" }, "current"],
      [{ current: "" }, "current"],
      [{ next: "short" }, "next"],
      [{ next: "x".repeat(129) }, "next"],
      [{ next: "stolen elsewhere" }, "next"],
    ])("%j is refused, and nothing ends", async (form, field) => {
      const isBreached = async (password: string) => password === "stolen elsewhere"
      accounts = under.again({ breachedPasswords: { isBreached } })
      const { id } = await under.create()
      const token = await under.commandLineSession(id)
      const { request, outcome } = await change(form)
      expect(outcome).toMatchObject({ ok: false, field, message: expect.any(String) })
      expect(await under.tokens.verify(token)).not.toBeNull()
      expect(await accounts.browserSession(request)).not.toBeNull()
      expect(await signIn()).toMatchObject({ ok: true })
    })
  })

  test("S45 of a password, a salted hash is kept; on SQLite the file is its owner's alone", async () => {
    await under.create()
    cookiesOf(await signIn())
    const { rows } = await sql`SELECT * FROM account`.execute(under.database)
    expect(rows).toMatchObject([{ password: expect.stringMatching(/^[0-9a-f]{32}:[0-9a-f]{128}$/) }])
    expect(JSON.stringify(rows)).not.toContain(PASSWORD)
    if (database.name !== "SQLite") return
    const names = (await readdir(under.directory)).filter((name) => name.startsWith("authchemy.db"))
    const dump = Buffer.concat(await Promise.all(names.map((name) => readFile(join(under.directory, name)))))
    expect(dump.includes(ADA.email)).toBe(true)
    expect(dump.includes(PASSWORD)).toBe(false)
    expect((await stat(join(under.directory, "authchemy.db"))).mode & 0o777).toBe(0o600)
  })
})
