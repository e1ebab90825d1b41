import { afterEach, beforeEach, expect, test } from "vitest"
import { onEachDatabase } from "../../database/testing.ts"
import {
  type AccountsUnderTest,
  cookiesOf,
  openAccountsUnderTest,
  PASSWORD,
  requestWith,
  VISIT,
} from "../accounts-testing.ts"

let under: AccountsUnderTest
let accounts: AccountsUnderTest["accounts"]
const NEW = { email: "new@example.com", password: PASSWORD, name: "" }
const signUp = (change: Partial<typeof NEW> = {}, address = VISIT.address) =>
  accounts.passwords.signUp({ ...NEW, ...change }, { ...VISIT, address })

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    accounts = under.accounts
  })
  afterEach(() => under.close())

  test("making an account by the form signs the browser in", async () => {
    const outcome = await signUp({ email: "New@Example.com" })
    const session = await accounts.browserSession(requestWith(cookiesOf(outcome)))
    expect(session?.account).toMatchObject({ email: "new@example.com", name: "new" })
    expect(outcome).toMatchObject({ step: "signed_in" })
    expect(await signUp()).toMatchObject({ ok: false, field: "email" })
    expect(under.events.map(({ type, accountId }) => [type, accountId])).toEqual([
      ["account.created", session?.account.id],
      ["sign_in.succeeded", session?.account.id],
    ])
  })

  test.each([
    [{ email: "no email" }, "invalid_email", "email"],
    [{ password: "short" }, "invalid_password", "password"],
    [{ password: "x".repeat(129) }, "invalid_password", "password"],
  ])("%j is refused", async (change, code, field) => {
    await expect(accounts.administration.create({ ...NEW, ...change })).rejects.toMatchObject({ code })
    expect(await signUp(change)).toMatchObject({ ok: false, field })
  })

  test("a password that was stolen elsewhere is refused, and no account is made", async () => {
    accounts = under.again({ breachedPasswords: { isBreached: async (password) => password === PASSWORD } })
    expect(await signUp()).toEqual({
      ok: false,
      field: "password",
      message: "This password is in a list of passwords that were stolen elsewhere. Choose another one.",
    })
    expect(await accounts.administration.list()).toEqual([])
  })

  test("a taken email is refused, however it is spelled", async () => {
    await under.create()
    await expect(under.create("ADA@example.com")).rejects.toMatchObject({ code: "email_taken" })
    expect(await signUp({ email: "ADA@example.com" })).toMatchObject({ ok: false, field: "email" })
  })

  test("of several with one email at the same moment, one is made and the others are told it is taken", async () => {
    const made = await Promise.allSettled(Array.from({ length: 5 }, () => under.create()))
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
    for (const one of made) {
      if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "email_taken" })
    }
    const form = { email: "ada@example.com", password: PASSWORD }
    expect(await accounts.passwords.signIn(form, VISIT)).toMatchObject({ ok: true })
  })

  test("is limited for each address, so that emails cannot be found out by the thousand", async () => {
    await under.create(NEW.email)
    for (let index = 0; index < 100; index++) {
      expect(await signUp({ password: "x".repeat(8) })).toMatchObject({ ok: false, field: "email" })
    }
    expect(await signUp()).toMatchObject({ field: "form", retryAfterSeconds: expect.any(Number) })
    expect(await signUp({}, "198.51.100.1")).toMatchObject({ field: "email" })
  }, 60_000)

  test("is refused where sign-up is closed; the operator still can", async () => {
    accounts = under.again({ signUpPolicy: { kind: "closed" } })
    expect(await signUp()).toMatchObject({ ok: false, field: "form" })
    expect(await under.create()).toMatchObject({ email: "ada@example.com", disabledAt: null })
  })

  test("by domain, other domains are refused beside the email", async () => {
    accounts = under.again({
      signUpPolicy: { kind: "domains", domains: ["example.org"] },
      mustVerifyEmail: true,
    })
    expect(await signUp()).toMatchObject({
      ok: false,
      field: "email",
      message: expect.stringContaining("example.org"),
    })
    expect(await signUp({ email: "new@example.org" })).toMatchObject({ ok: true, step: "verify_email" })
  })

  test("where the email has to be verified, a taken one is answered like a free one, and its owner is told by mail", async () => {
    accounts = under.again({ mustVerifyEmail: true })
    await under.create("taken@example.com")
    const free = await signUp()
    const taken = await signUp({ email: "taken@example.com", password: "another password" })
    expect(free).toEqual({ ok: true, step: "verify_email", setCookies: [] })
    expect(taken).toEqual(free)
    await accounts.settled()
    expect(under.mail.sent.map(({ to, link }) => [to, link !== null])).toEqual([
      ["new@example.com", true],
      ["taken@example.com", false],
    ])
    const form = { email: "taken@example.com", password: PASSWORD }
    expect(await accounts.passwords.signIn(form, VISIT)).toMatchObject({ ok: true, step: "signed_in" })
  })

  test("nobody fills a mailbox by signing up with its address again and again", async () => {
    accounts = under.again({ mustVerifyEmail: true })
    await under.create("taken@example.com")
    for (let index = 0; index < 5; index++) await signUp({ email: "taken@example.com" })
    await accounts.settled()
    expect(under.mail.sent).toHaveLength(1)
  })

  test("links that somebody else has sent to an email do not keep from its owner that there is an account", async () => {
    accounts = under.again({ mustVerifyEmail: true })
    await signUp({ password: "somebody else's" })
    await signUp()
    await accounts.settled()
    expect(under.mail.sent.map(({ subject }) => subject)).toEqual([
      "Confirm your email for Acme",
      "You already have an account at Acme",
    ])
  })

  test("a mail server that is out of reach is told before an account is made that could not be verified", async () => {
    accounts = under.again({ mustVerifyEmail: true })
    under.mail.down = true
    await expect(signUp()).rejects.toMatchObject({ code: "mail_unavailable" })
    expect(await accounts.administration.list()).toEqual([])
  })
})
