import { StoreUnavailableError } from "@authchemy/tokens"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { onEachDatabase } from "../../database/testing.ts"
import {
  type AccountsUnderTest,
  codeOf,
  NEXT_PASSWORD,
  openAccountsUnderTest,
  PASSWORD,
  VISIT,
} from "../accounts-testing.ts"

let under: AccountsUnderTest
let accounts: AccountsUnderTest["accounts"]
const EMAIL = "ada@example.com"
const request = (email = EMAIL, address = VISIT.address) =>
  accounts.passwords.requestReset({ email }, { ...VISIT, address })
const reset = (token: string, password = NEXT_PASSWORD) =>
  accounts.passwords.reset({ token, password }, VISIT)

/** One of each way that opens an account beside its password, and an app. */
async function insertWaysOf(accountId: string) {
  const created_at = "2026-11-23T22:05:00.000Z"
  const owned = { account_id: accountId, created_at, last_used_at: null }
  const passkey = { user_handle: "handle", public_key: "key", counter: 0, transports: "[]", backed_up: 1 }
  const { database } = under
  const insert = [
    database
      .insertInto("passkey")
      .values({ ...owned, ...passkey, id: "credential", name: "Phone", device_type: "multiDevice" }),
    database
      .insertInto("provider_identity")
      .values({ ...owned, provider_id: "acme", issuer: "https://acme.example", subject: "1" }),
    database
      .insertInto("access_key")
      .values({ ...owned, id: "key_1", name: "CI", digest: "digest", expires_at: null, scopes: null }),
    database.insertInto("app").values({
      ...{ id: "app_1", account_id: accountId, name: "Website", api_key: "a", webhook_api_key: "w" },
      ...{ chain_networks: "[]", created_at },
    }),
  ]
  for (const query of insert) await query.execute()
}
const signIn = (password: string) => accounts.passwords.signIn({ email: EMAIL, password }, VISIT)

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    accounts = under.accounts
  })
  afterEach(() => under.close())

  test("S48 a new password by a link ends every browser and every command-line session, and signs nobody in", async () => {
    const { id } = await under.create()
    const { request: browser } = await under.signedIn()
    const session = await under.commandLineSession(id)
    expect(await request()).toEqual({ ok: true, setCookies: [] })
    const { path, token } = await under.linkOf(EMAIL)
    expect(path).toBe("/reset-password")
    expect(await accounts.passwords.resetTarget(token)).toEqual({ email: EMAIL, emailVerified: true })
    expect(await accounts.passwords.resetTarget(token)).toEqual({ email: EMAIL, emailVerified: true })
    const stillOpen = { passkeys: 0, providers: 0, accessKeys: 0 }
    expect(await reset(token)).toEqual({ ok: true, setCookies: [], endedSessions: 1, stillOpen })
    expect(await under.tokens.verify(session)).toBeNull()
    expect(await accounts.browserSession(browser)).toBeNull()
    expect(await signIn(PASSWORD)).toMatchObject({ ok: false })
    expect(await signIn(NEXT_PASSWORD)).toMatchObject({ ok: true })
    expect(under.recorded("password.reset_requested")).toEqual([{ accountId: id }])
    expect(under.recorded("password.reset")).toEqual([{ accountId: id, details: { endedSessions: 1 } }])
    await accounts.settled()
    expect(under.mail.sent.at(-1)).toMatchObject({ to: EMAIL, link: null })
  })

  test("a link works once, even for two at the same moment", async () => {
    await under.create()
    await request()
    const { token } = await under.linkOf(EMAIL)
    const outcomes = await Promise.all([reset(token), reset(token, "another password")])
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await reset(token)).toMatchObject({ ok: false, field: "form" })
    expect(await accounts.passwords.resetTarget(token)).toBeNull()
  })

  test("a link is void after an hour, and when the password was changed or reset otherwise", async () => {
    await under.create()
    for (let index = 0; index < 2; index++) await request()
    await accounts.settled()
    const tokens = under.mail.sent.map(({ link }) => new URL(link ?? "").searchParams.get("token") ?? "")
    expect(tokens).toHaveLength(2)
    expect(await reset(tokens[0] ?? "")).toMatchObject({ ok: true })
    expect(await accounts.passwords.resetTarget(tokens[1] ?? "")).toBeNull()
    expect(await reset(tokens[1] ?? "")).toMatchObject({ ok: false, field: "form" })
    await request()
    const { token } = await under.linkOf(EMAIL)
    under.clock.ahead += 60 * 60 * 1000 + 1
    expect(await accounts.passwords.resetTarget(token)).toBeNull()
  })

  test("a password that is refused leaves the link usable, and nothing ends", async () => {
    const { id } = await under.create()
    const session = await under.commandLineSession(id)
    accounts = under.again({
      breachedPasswords: { isBreached: async (password) => password === "stolen elsewhere" },
    })
    await request()
    await accounts.settled()
    const { token } = await under.linkOf(EMAIL)
    expect(await reset(token, "short")).toMatchObject({ ok: false, field: "password" })
    expect(await reset(token, "stolen elsewhere")).toMatchObject({
      field: "password",
      message: expect.stringContaining("stolen"),
    })
    expect(await under.tokens.verify(session)).not.toBeNull()
    expect(await reset(token)).toMatchObject({ ok: true })
  })

  test("S48 where command-line sessions cannot be ended, the password stays and the link is not used up", async () => {
    await under.create()
    await request()
    const { token } = await under.linkOf(EMAIL)
    const revokeSessions = vi.fn().mockRejectedValueOnce(new StoreUnavailableError(new Error("silent")))
    accounts = under.again({ tokens: { ...under.tokens, revokeSessions } })
    await expect(reset(token)).rejects.toMatchObject({ code: "store_unavailable" })
    expect(await signIn(PASSWORD)).toMatchObject({ ok: true })
    accounts = under.accounts
    expect(await reset(token)).toMatchObject({ ok: true })
  })

  test("nobody is told whether an email has an account; a disabled one gets no link", async () => {
    await under.create()
    await under.create("disabled@example.com")
    await accounts.administration.disable("disabled@example.com")
    for (const email of ["nobody@example.com", "disabled@example.com", EMAIL]) {
      expect(await request(email)).toEqual({ ok: true, setCookies: [] })
    }
    expect(await request("no email")).toMatchObject({ ok: false, field: "email" })
    await accounts.settled()
    expect(under.mail.sent.map(({ to }) => to)).toEqual([EMAIL])
    expect(JSON.stringify(under.events)).not.toContain("nobody@example.com")
  })

  test("where the mail server is out of reach, that is told for any email", async () => {
    await under.create()
    under.mail.down = true
    for (const email of ["nobody@example.com", EMAIL]) {
      await expect(request(email)).rejects.toMatchObject({ code: "mail_unavailable" })
    }
  })

  test("three links an hour for an email, silently; twenty requests for an address, and then it is told", async () => {
    await under.create()
    for (let index = 0; index < 5; index++) expect(await request()).toMatchObject({ ok: true })
    await accounts.settled()
    expect(under.mail.sent).toHaveLength(3)
    for (let index = 0; index < 15; index++) await request("nobody@example.com")
    expect(await request("nobody@example.com")).toMatchObject({
      ok: false,
      field: "form",
      retryAfterSeconds: expect.any(Number),
    })
    expect(await request(EMAIL, "198.51.100.1")).toMatchObject({ ok: true })
  })

  test("proves the email; of an account with an email that was never proved, other ways to sign in are taken away", async () => {
    const form = { email: EMAIL, password: PASSWORD, name: "" }
    await accounts.passwords.signUp(form, VISIT)
    const { browser } = await under.signedIn()
    const { id } = browser.account
    const at = new Date().toISOString()
    await under.database
      .insertInto("provider_identity")
      .values({
        provider_id: "acme",
        issuer: "https://acme.example",
        subject: "1",
        account_id: id,
        created_at: at,
        last_used_at: null,
      })
      .execute()
    await request()
    await reset((await under.linkOf(EMAIL)).token)
    expect(await under.database.selectFrom("provider_identity").selectAll().execute()).toEqual([])
    expect(await accounts.security(id)).toMatchObject({ emailVerified: true, hasPassword: true })
  })

  test("S48 of an account with an email that was never proved, nothing is left of whoever made it", async () => {
    await accounts.passwords.signUp({ email: EMAIL, password: PASSWORD, name: "" }, VISIT)
    const maker = await under.signedIn()
    const { id } = maker.browser.account
    const begun = await accounts.secondFactor.begin(
      maker.browser,
      { password: PASSWORD },
      maker.request,
      VISIT,
    )
    if (!begun.ok) throw new Error(begun.message)
    const { database: db } = under
    await accounts.secondFactor.confirm(maker.browser, { code: codeOf(begun.secret) }, maker.request, VISIT)
    await insertWaysOf(id)
    await request()
    const { token } = await under.linkOf(EMAIL)
    expect(await accounts.passwords.resetTarget(token)).toEqual({ email: EMAIL, emailVerified: false })
    // What a request of the maker's that is under way makes while all ends.
    const revokeSessions = vi.fn(under.tokens.revokeSessions).mockImplementationOnce(async () => 0)
    revokeSessions.mockImplementationOnce(async () => {
      await insertWaysOf(id)
      return 0
    })
    accounts = under.again({ tokens: { ...under.tokens, revokeSessions } })
    const none = { passkeys: 0, providers: 0, accessKeys: 0 }
    expect(await reset(token)).toMatchObject({ ok: true, stillOpen: none })
    for (const table of ["passkey", "provider_identity", "access_key", "app"] as const) {
      expect(await db.selectFrom(table).selectAll().execute(), table).toEqual([])
    }
    expect(await signIn(NEXT_PASSWORD)).toMatchObject({ ok: true, step: "signed_in" })
    expect(under.recorded("access_key.deleted")[0]).toMatchObject({ accountId: id, details: { name: "CI" } })
    expect(under.recorded("app.deleted")[0]).toMatchObject({ accountId: id, details: { name: "Website" } })
  })

  test("of an account with a proved email all of that stays, and it is told what opens it", async () => {
    const { id } = await under.create()
    await insertWaysOf(id)
    await request()
    const { token } = await under.linkOf(EMAIL)
    expect(await reset(token)).toMatchObject({ stillOpen: { passkeys: 1, providers: 1, accessKeys: 1 } })
    expect(await under.database.selectFrom("app").selectAll().execute()).toHaveLength(1)
  })

  test("S48 a link from before an account was disabled sets nothing while it is", async () => {
    await under.create()
    await request()
    const { token } = await under.linkOf(EMAIL)
    await accounts.administration.disable(EMAIL)
    expect(await accounts.passwords.resetTarget(token)).toBeNull()
    expect(await reset(token)).toMatchObject({ ok: false, field: "form" })
    await accounts.administration.enable(EMAIL)
    expect(await signIn(NEXT_PASSWORD)).toMatchObject({ ok: false })
    expect(await signIn(PASSWORD)).toMatchObject({ ok: true })
  })

  test("S48 where the last sessions could not be ended, the password is another, and so it is recorded and told", async () => {
    const { id } = await under.create()
    await request()
    const { token } = await under.linkOf(EMAIL)
    under.mail.sent.length = 0
    const revokeSessions = vi
      .fn(under.tokens.revokeSessions)
      .mockResolvedValueOnce(0)
      .mockRejectedValueOnce(new StoreUnavailableError(new Error("silent")))
    accounts = under.again({ tokens: { ...under.tokens, revokeSessions } })
    await expect(reset(token)).rejects.toMatchObject({ code: "store_unavailable" })
    expect(await signIn(NEXT_PASSWORD)).toMatchObject({ ok: true })
    expect(under.recorded("password.reset")).toEqual([{ accountId: id, details: { endedSessions: 0 } }])
    await accounts.settled()
    expect(under.mail.sent).toMatchObject([{ to: EMAIL, link: null }])
  })

  test("S45 neither the stores nor the log hold a link that could be used", async () => {
    await under.create()
    await request()
    const { token } = await under.linkOf(EMAIL)
    const { readdir, readFile } = await import("node:fs/promises")
    for (const name of await readdir(under.directory)) {
      expect((await readFile(`${under.directory}/${name}`)).includes(token), name).toBe(false)
    }
    expect(under.log.join("")).not.toContain(token)
  })
})
