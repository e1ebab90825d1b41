import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import { onEachDatabase } from "../../database/testing.ts"
import type { BrowserSession } from "../accounts.ts"
import {
  type AccountsUnderTest,
  codeOf,
  cookiesOf,
  ISSUER,
  openAccountsUnderTest,
  PASSWORD,
  requestWith,
  VISIT,
} from "../accounts-testing.ts"
import type { ProviderSettings } from "./provider-settings.ts"
import { CLIENT_ID, CLIENT_SECRET, openProviderUnderTest, type ProviderUnderTest } from "./testing.ts"

let acme: ProviderUnderTest
let under: AccountsUnderTest
const EMAIL = "ada@example.com"
const SIGN_UP = { email: EMAIL, password: "mallory's own password", name: "Mallory" }
const TAKEN = "An account with this email is there already. Sign in to it and add Acme under Security."

beforeAll(async () => {
  acme = await openProviderUnderTest({ redirectUri: `${ISSUER}/sign-in/providers/acme/callback` })
})
afterAll(() => acme.close())

const settings = (emailDomains: string[] | null): ProviderSettings => ({
  ...{ id: "acme", name: "Acme", issuer: acme.issuer, emailDomains },
  ...{ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, scopes: ["openid", "email", "profile"] },
})
/** Comes in by the provider. @param during runs when the provider has been asked, before its answer is taken */
async function byProvider(
  accounts: AccountsUnderTest["accounts"],
  options: { browser?: BrowserSession; during?: () => Promise<unknown> } = {},
) {
  const { browser = null, during = async () => {} } = options
  acme.person = { sub: "ada-at-acme", email: EMAIL, email_verified: true, name: "Ada L." }
  const begun = await accounts.providers.begin("acme", { returnTo: "/", browser })
  const home = await acme.visit(begun?.url ?? "")
  await during()
  const { headers } = requestWith(begun?.setCookies ?? [])
  return accounts.providers.complete("acme", new Request(home, { headers }), browser, VISIT)
}
const withDirectory = (change: object = {}) =>
  under.again({ providers: [settings(["example.com"])], mustVerifyEmail: true, ...change })

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database, { providers: [settings(null)] })
  })
  afterEach(() => under.close())

  test("S18 an account with a second factor is not linked by its email: the provider is no way around the codes", async () => {
    const { id } = await under.create()
    const { browser, request } = await under.signedIn()
    const { secondFactor } = under.accounts
    const begun = await secondFactor.begin(browser, { password: PASSWORD }, request, VISIT)
    if (!begun.ok) throw new Error(begun.message)
    const confirmed = await secondFactor.confirm(browser, { code: codeOf(begun.secret) }, request, VISIT)
    expect(await byProvider(under.accounts)).toMatchObject({ ok: false, message: TAKEN })
    expect(await byProvider(withDirectory())).toMatchObject({ ok: false, message: TAKEN })
    expect((await under.accounts.security(id)).providers).toEqual([])
    const owner = await under.browserOf(requestWith(cookiesOf(confirmed)))
    expect(await byProvider(under.accounts, { browser: owner })).toMatchObject({ ok: true })
    expect(await byProvider(under.accounts)).toMatchObject({ ok: true, step: "signed_in" })
  })

  test("S48 a provider that was being added when all ended is not added", async () => {
    const { id } = await under.create()
    const { browser } = await under.signedIn()
    const during = () => under.accounts.administration.reset(EMAIL, { secondFactor: false })
    expect(await byProvider(under.accounts, { browser, during })).toMatchObject({ ok: false, field: "form" })
    expect((await under.accounts.security(id)).providers).toEqual([])
    expect(under.recorded("provider.linked")).toEqual([])
  })

  test("S48 nor removed by a browser whose session has ended", async () => {
    const { id } = await under.create()
    const { browser } = await under.signedIn()
    expect(await byProvider(under.accounts, { browser })).toMatchObject({ ok: true })
    await under.accounts.administration.reset(EMAIL, { secondFactor: false })
    const form = { id: "acme", password: PASSWORD }
    expect(await under.accounts.providers.unlink(browser, form, VISIT)).toMatchObject({ ok: false })
    expect((await under.accounts.security(id)).providers).toHaveLength(1)
    expect(under.recorded("provider.unlinked")).toEqual([])
  })

  test("an email that somebody else has taken first is its owner's, by the operator's directory; nothing of theirs is left", async () => {
    const accounts = withDirectory()
    await accounts.passwords.signUp(SIGN_UP, VISIT)
    const outcome = await byProvider(accounts)
    expect(outcome).toMatchObject({ ok: true, step: "signed_in" })
    const { account } = await under.browserOf(requestWith(cookiesOf(outcome)))
    expect(account).toMatchObject({ email: EMAIL, name: "Ada L." })
    expect(await accounts.security(account.id)).toMatchObject({
      ...{ hasPassword: false, emailVerified: true },
      providers: [{ id: "acme", name: "Acme" }],
    })
    expect(await accounts.passwords.signIn(SIGN_UP, VISIT)).toMatchObject({ ok: false })
  })

  test("not by any other provider, nor where people sign in without verifying, nor one that has an app", async () => {
    const open = under.again({ mustVerifyEmail: true })
    await open.passwords.signUp(SIGN_UP, VISIT)
    expect(await byProvider(open)).toMatchObject({ ok: false, message: TAKEN })
    expect(await byProvider(withDirectory({ mustVerifyEmail: false }))).toMatchObject({
      ...{ ok: false, message: TAKEN },
    })
    const { id = "" } = (await under.accounts.administration.findByEmail(EMAIL)) ?? {}
    await under.database
      .insertInto("access_key")
      .values({
        ...{ id: "key_1", account_id: id, name: "CI", digest: "d", scopes: null },
        ...{ created_at: new Date().toISOString(), expires_at: null, last_used_at: null },
      })
      .execute()
    expect(await byProvider(withDirectory())).toMatchObject({ ok: false, message: TAKEN })
    expect((await under.accounts.security(id)).hasPassword).toBe(true)
  })
})
