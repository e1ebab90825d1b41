import { afterEach, beforeEach, expect, test } from "vitest"
import { onEachDatabase } from "../database/testing.ts"
import {
  type AccountsUnderTest,
  cookiesOf,
  openAccountsUnderTest,
  PASSWORD,
  requestWith,
  VISIT,
} from "./accounts-testing.ts"

let under: AccountsUnderTest

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    await under.create()
  })
  afterEach(() => under.close())

  test("on https every cookie is __Host-: a neighbouring domain can plant none", async () => {
    const accounts = under.again({ issuer: "https://auth.example.com" })
    const form = { email: "ada@example.com", password: PASSWORD }
    const setCookies = cookiesOf(await accounts.passwords.signIn(form, VISIT))
    expect(setCookies).toHaveLength(1)
    const [name, ...attributes] = (setCookies[0] ?? "").split("; ")
    expect(name).toMatch(/^__Host-authchemy\.session_token=/)
    expect(attributes).toEqual(expect.arrayContaining(["Path=/", "HttpOnly", "Secure", "SameSite=Lax"]))
    expect(attributes.join()).not.toMatch(/Domain/i)
    expect(await accounts.browserSession(requestWith(setCookies))).not.toBeNull()
    const planted = requestWith(setCookies.map((cookie) => cookie.replace("__Host-", "__Secure-")))
    expect(await accounts.browserSession(planted)).toBeNull()
    expect(
      cookiesOf({ ok: true, setCookies: await accounts.signOut(requestWith(setCookies)) }).join(),
    ).toMatch(/__Host-authchemy\.session_token=;/)
    expect(await accounts.browserSession(requestWith(setCookies))).toBeNull()
  })
})
