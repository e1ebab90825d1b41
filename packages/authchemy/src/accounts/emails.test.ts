import { afterEach, beforeEach, expect, test } from "vitest"
import { onEachDatabase } from "../database/testing.ts"
import { type AccountsUnderTest, openAccountsUnderTest, PASSWORD, VISIT } from "./accounts-testing.ts"

let under: AccountsUnderTest
let accounts: AccountsUnderTest["accounts"]
const EMAIL = "new@example.com"
const signUp = () => accounts.passwords.signUp({ email: EMAIL, password: PASSWORD, name: "" }, VISIT)
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
    expect(await accounts.emails.verify(token)).toEqual({ email: EMAIL })
    expect(await accounts.emails.verify(token)).toBeNull()
    const { browser } = await under.signedIn(EMAIL)
    expect(await accounts.security(browser.account.id)).toMatchObject({ emailVerified: true })
    expect(under.recorded("account.email_verified")).toEqual([{ accountId: browser.account.id }])
    expect(under.recorded("sign_in.failed")).toMatchObject([{ details: { reason: "email_not_verified" } }])
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
    expect(await accounts.emails.verify(token)).toBeNull()
  })

  test.each(["", "x", "x".repeat(43), "../../etc/passwd"])("%j is no link", async (token) => {
    expect(await accounts.emails.verify(token)).toBeNull()
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
