import { StoreUnavailableError } from "@authchemy/tokens"
import { afterEach, beforeEach, expect, test } from "vitest"
import { onEachDatabase } from "../database/testing.ts"
import { type AccountsUnderTest, openAccountsUnderTest, PASSWORD, VISIT } from "./accounts-testing.ts"

let under: AccountsUnderTest
let accounts: AccountsUnderTest["accounts"]
const EMAIL = "new@example.com"
const VOID = { ok: false, field: "form", message: expect.stringContaining("expired") }
const signUp = (password = PASSWORD) => accounts.passwords.signUp({ email: EMAIL, password, name: "" }, VISIT)
const verify = (token: string, password = PASSWORD) => accounts.emails.verify({ token, password }, VISIT)
const signIn = (password = PASSWORD) => accounts.passwords.signIn({ email: EMAIL, password }, VISIT)

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database, { mustVerifyEmail: true })
    accounts = under.accounts
  })
  afterEach(() => under.close())

  test("an account signs in when its email is verified, by a link that is good once", async () => {
    await signUp()
    const { path, token } = await under.linkOf(EMAIL)
    expect(path).toBe("/verify-email")
    expect(await signIn()).toEqual({ ok: true, step: "verify_email", setCookies: [] })
    expect(await accounts.emails.verificationTarget(token)).toEqual({ email: EMAIL })
    expect(await verify(token)).toEqual({ ok: true, setCookies: [], email: EMAIL })
    expect(await verify(token)).toEqual(VOID)
    expect(await accounts.emails.verificationTarget(token)).toBeNull()
    const { browser } = await under.signedIn(EMAIL)
    expect(await accounts.security(browser.account.id)).toMatchObject({ emailVerified: true })
    expect(under.recorded("account.email_verified")).toEqual([{ accountId: browser.account.id }])
    expect(under.recorded("sign_in.failed")).toMatchObject([{ details: { reason: "email_not_verified" } }])
  })

  test("whoever reads the mail does not confirm an account that somebody else has made with their email", async () => {
    await signUp("somebody else's")
    const { token } = await under.linkOf(EMAIL)
    expect(await signUp()).toMatchObject({ step: "verify_email" })
    for (const password of [PASSWORD, "", "x".repeat(200)]) {
      expect(await verify(token, password)).toMatchObject({ ok: false, field: "password" })
    }
    expect(await signIn("somebody else's")).toMatchObject({ step: "verify_email" })
    expect(under.recorded("account.email_verified")).toEqual([])
    expect(under.recorded("sign_in.failed")[0]).toMatchObject({ details: { reason: "wrong_password" } })
    // The link was not used up by that.
    expect(await verify(token, "somebody else's")).toMatchObject({ ok: true })
  })

  test("S37 wrong passwords for a link count as at a sign-in; right ones cost nothing", async () => {
    await signUp()
    const { token } = await under.linkOf(EMAIL)
    for (let index = 0; index < 10; index++) {
      expect(await verify(token, "wrong wrong wrong")).toMatchObject({ field: "password" })
    }
    expect(await verify(token)).toMatchObject({ field: "form", retryAfterSeconds: expect.any(Number) })
    expect(await signIn()).toMatchObject({ ok: false, retryAfterSeconds: expect.any(Number) })
    const elsewhere = { ...VISIT, address: "198.51.100.1" }
    expect(await accounts.emails.verify({ token, password: PASSWORD }, elsewhere)).toMatchObject({ ok: true })
  })

  test("S52 where passwords cannot be counted, none is compared, and the link stays", async () => {
    await signUp()
    const { token } = await under.linkOf(EMAIL)
    const fault = new StoreUnavailableError(new Error("silent"))
    accounts = under.again({ openRateLimiter: () => ({ admit: () => Promise.reject(fault) }) })
    await expect(verify(token)).rejects.toBe(fault)
    accounts = under.accounts
    expect(await verify(token)).toMatchObject({ ok: true })
  })

  test("a link is void while its account is disabled, or when it has no password; then none is sent, either", async () => {
    await signUp()
    const { token } = await under.linkOf(EMAIL)
    await accounts.administration.disable(EMAIL)
    expect(await verify(token)).toEqual(VOID)
    await accounts.administration.enable(EMAIL)
    expect(await accounts.emails.verificationTarget(token)).toEqual({ email: EMAIL })
    await under.database.updateTable("account").set({ password: null }).execute()
    expect(await verify(token)).toEqual(VOID)
    under.mail.sent.length = 0
    const anew = under.again({ mustVerifyEmail: true })
    expect(await anew.emails.sendVerification({ email: EMAIL }, VISIT)).toMatchObject({ ok: true })
    await anew.settled()
    expect(under.mail.sent).toEqual([])
  })

  test("S49 a password that is changed while it is compared verifies nothing", async () => {
    await signUp()
    const { token } = await under.linkOf(EMAIL)
    const take: typeof under.tokens.take = async (name) => {
      await under.database.updateTable("account").set({ password: "another" }).execute()
      return under.tokens.take(name)
    }
    accounts = under.again({ tokens: { ...under.tokens, take } })
    expect(await verify(token)).toEqual(VOID)
    expect(under.recorded("account.email_verified")).toEqual([])
  })

  test("a wrong password is not told that the email is to be verified, and sends nothing", async () => {
    await signUp()
    await accounts.settled()
    under.mail.sent.length = 0
    expect(await signIn("wrong wrong wrong")).toMatchObject({
      ok: false,
      message: expect.stringContaining("wrong"),
    })
    await accounts.settled()
    expect(under.mail.sent).toEqual([])
  })

  test("sign-ins send one link a minute at most", async () => {
    await signUp()
    for (let index = 0; index < 4; index++) expect(await signIn()).toMatchObject({ step: "verify_email" })
    await accounts.settled()
    expect(under.mail.sent).toHaveLength(1)
  })

  test("a link is good for a day", async () => {
    await signUp()
    const { token } = await under.linkOf(EMAIL)
    under.clock.ahead += 24 * 60 * 60 * 1000 + 1
    expect(await accounts.emails.verificationTarget(token)).toBeNull()
    expect(await verify(token)).toEqual(VOID)
  })

  test.each(["", "x", "x".repeat(43), "../../etc/passwd"])("%j is no link", async (token) => {
    expect(await verify(token)).toEqual(VOID)
  })

  test("a link is sent anew where an account needs one, and nobody is told whether it does", async () => {
    await under.create("verified@example.com")
    await signUp()
    await accounts.settled()
    under.mail.sent.length = 0
    const anew = under.again({ mustVerifyEmail: true })
    for (const email of [EMAIL, "verified@example.com", "nobody@example.com"]) {
      expect(await anew.emails.sendVerification({ email }, VISIT)).toEqual({ ok: true, setCookies: [] })
    }
    await anew.settled()
    expect(under.mail.sent.map(({ to }) => to)).toEqual([EMAIL])
    expect(await anew.emails.sendVerification({ email: "x" }, VISIT)).toMatchObject({ field: "email" })
  })

  test("accounts that the operator makes count as verified", async () => {
    await under.create(EMAIL)
    expect(await signIn()).toMatchObject({ step: "signed_in" })
  })

  test("where the mail server is out of reach, that is told for any email; nobody is told that a link was sent", async () => {
    await signUp()
    under.mail.down = true
    await expect(signIn()).rejects.toMatchObject({ code: "mail_unavailable" })
    for (const email of [EMAIL, "nobody@example.com"]) {
      await expect(accounts.emails.sendVerification({ email }, VISIT)).rejects.toMatchObject({
        code: "mail_unavailable",
      })
    }
  })

  test("requests for mails are limited for each address", async () => {
    const request = (address: string) =>
      accounts.emails.sendVerification({ email: "nobody@example.com" }, { ...VISIT, address })
    for (let index = 0; index < 20; index++) expect(await request(VISIT.address)).toMatchObject({ ok: true })
    expect(await request(VISIT.address)).toMatchObject({ ok: false, retryAfterSeconds: expect.any(Number) })
    expect(await request("198.51.100.1")).toMatchObject({ ok: true })
  })
})
