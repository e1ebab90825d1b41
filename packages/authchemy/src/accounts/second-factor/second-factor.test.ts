import { sql } from "kysely"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { onEachDatabase } from "../../database/testing.ts"
import type { BrowserSession } from "../accounts.ts"
import {
  type AccountsUnderTest,
  codeOf,
  cookiesOf,
  openAccountsUnderTest,
  PASSWORD,
  requestWith,
  VISIT,
} from "../accounts-testing.ts"

let under: AccountsUnderTest
let accounts: AccountsUnderTest["accounts"]
let id: string
const password = { password: PASSWORD }
const EMAIL = "ada@example.com"

/** Turns it on in a browser that is signed in, with the code before the present one: that one is then free for a sign-in. */
async function turnOn() {
  const { browser, request } = await under.signedIn()
  const begun = await accounts.secondFactor.begin(browser, password, request, VISIT)
  if (!begun.ok) throw new Error(begun.message)
  const form = { code: codeOf(begun.secret, -1) }
  const confirmed = await accounts.secondFactor.confirm(browser, form, request, VISIT)
  if (!confirmed.ok) throw new Error(confirmed.message)
  const after = requestWith(confirmed.setCookies)
  return { ...confirmed, secret: begun.secret, request: after, browser: await under.browserOf(after) }
}

/** Signs in as far as the second factor. */
async function signInHalf(): Promise<Request> {
  const half = await accounts.passwords.signIn({ email: EMAIL, password: PASSWORD }, VISIT)
  expect(half).toMatchObject({ ok: true, step: "second_factor" })
  return requestWith(cookiesOf(half))
}
const answer = (code: string, request: Request) => accounts.secondFactor.answer({ code }, request, VISIT)

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    accounts = under.accounts
    id = (await under.create()).id
  })
  afterEach(() => under.close())

  describe("setting it up", () => {
    test("changes nothing until a first code; the recovery codes are shown then", async () => {
      const { browser, request } = await under.signedIn()
      const begun = await accounts.secondFactor.begin(browser, password, request, VISIT)
      if (!begun.ok) throw new Error(begun.message)
      expect(begun.uri).toContain(`otpauth://totp/Acme:ada%40example.com?secret=${begun.secret}`)
      expect(await accounts.secondFactor.begun(browser)).toEqual({ uri: begun.uri, secret: begun.secret })
      expect((await accounts.security(id)).secondFactor).toBeNull()
      await under.signedIn()

      const wrong = { code: codeOf(begun.secret, 5) }
      expect(await accounts.secondFactor.confirm(browser, wrong, request, VISIT)).toMatchObject({
        ok: false,
        field: "code",
      })
      const code = codeOf(begun.secret)
      const form = { code: ` ${code.slice(0, 3)} ${code.slice(3)} ` }
      const confirmed = await accounts.secondFactor.confirm(browser, form, request, VISIT)
      if (!confirmed.ok) throw new Error(confirmed.message)
      expect(confirmed.recoveryCodes).toHaveLength(10)
      expect((await accounts.security(id)).secondFactor).toEqual({ recoveryCodesLeft: 10 })
      expect(await accounts.secondFactor.begun(browser)).toBeNull()
      expect(under.recorded("second_factor.added")).toEqual([{ accountId: id }])
      const anew = await under.browserOf(requestWith(confirmed.setCookies))
      expect(anew.sessionId).not.toBe(browser.sessionId)
    })

    test("asks for the password, and says so beside it", async () => {
      const { browser, request } = await under.signedIn()
      const begin = (typed: string) =>
        accounts.secondFactor.begin(browser, { password: typed }, request, VISIT)
      expect(await begin("wrong wrong wrong")).toMatchObject({ ok: false, field: "password" })
      expect(await begin("")).toMatchObject({ ok: false, field: "password" })
      expect(await accounts.secondFactor.begun(browser)).toBeNull()
      for (let index = 0; index < 10; index++) await begin("wrong wrong wrong")
      expect(await begin(PASSWORD)).toMatchObject({ ok: false, retryAfterSeconds: expect.any(Number) })
    })

    test("what is on cannot be set up over, nor are its recovery codes shown again", async () => {
      const { browser, request, secret } = await turnOn()
      expect(await accounts.secondFactor.begin(browser, password, request, VISIT)).toMatchObject({
        ok: false,
        field: "form",
      })
      const form = { code: codeOf(secret) }
      expect(await accounts.secondFactor.confirm(browser, form, request, VISIT)).toMatchObject({
        ok: false,
        field: "form",
      })
    })

    test("confirming nothing is refused", async () => {
      const { browser, request } = await under.signedIn()
      const form = { code: "123456" }
      expect(await accounts.secondFactor.confirm(browser, form, request, VISIT)).toMatchObject({
        field: "form",
      })
    })
  })

  describe("signing in", () => {
    test("S17 takes the password and a code; until then nobody is signed in, and then in a new session", async () => {
      const { secret, browser } = await turnOn()
      const half = await signInHalf()
      expect(await accounts.browserSession(half)).toBeNull()
      expect(await accounts.secondFactor.isAwaited(half)).toBe(true)
      expect(await accounts.secondFactor.isAwaited(requestWith([]))).toBe(false)
      const outcome = await answer(codeOf(secret), half)
      expect(outcome).toMatchObject({ ok: true, step: "signed_in" })
      const session = await under.browserOf(requestWith(cookiesOf(outcome)))
      expect(session.account.id).toBe(id)
      expect(session.sessionId).not.toBe(browser.sessionId)
      expect(await accounts.secondFactor.isAwaited(half)).toBe(false)
      expect(under.recorded("sign_in.succeeded").at(-1)).toEqual({
        accountId: id,
        details: { method: "password", secondFactor: "code" },
      })
    })

    test("S17 a session that the browser brought along is not the one that is answered for", async () => {
      const { secret } = await turnOn()
      await under.create("mallory@example.com")
      const planted = await under.signedIn("mallory@example.com")
      const half = await signInHalf()
      const both = new Request(half.url, {
        headers: { cookie: `${planted.request.headers.get("cookie")}; ${half.headers.get("cookie")}` },
      })
      const session = await under.browserOf(requestWith(cookiesOf(await answer(codeOf(secret), both))))
      expect(session.account.email).toBe(EMAIL)
    })

    test("a code that was accepted is not accepted again, whichever sign-in it is brought to", async () => {
      const { secret } = await turnOn()
      const [first, second] = [await signInHalf(), await signInHalf()]
      const code = codeOf(secret)
      const outcomes = await Promise.all([answer(code, first), answer(code, second)])
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
      expect(outcomes.find(({ ok }) => !ok)).toMatchObject({
        field: "code",
        message: expect.stringContaining("has been used"),
      })
      expect(await answer(code, await signInHalf())).toMatchObject({ ok: false, field: "code" })
      expect(await answer(codeOf(secret, 1), await signInHalf())).toMatchObject({ ok: true })
    })

    test("the code that turned it on does not sign anybody in", async () => {
      const { secret } = await turnOn()
      expect(await answer(codeOf(secret, -1), await signInHalf())).toMatchObject({
        ok: false,
        message: expect.stringContaining("has been used"),
      })
    })

    test("a wrong code is told; one from the wrong time is wrong", async () => {
      const { secret } = await turnOn()
      const half = await signInHalf()
      expect(await answer(codeOf(secret, 4), half)).toMatchObject({ ok: false, field: "code" })
      expect(await answer(codeOf(secret, -4), half)).toMatchObject({ ok: false, field: "code" })
      expect(await answer("", half)).toMatchObject({ ok: false, field: "code" })
      expect(await answer(codeOf(secret), half)).toMatchObject({ ok: true })
      expect(under.recorded("sign_in.failed")).toMatchObject([
        { accountId: id, details: { reason: "wrong_code" } },
        { accountId: id, details: { reason: "wrong_code" } },
      ])
    })

    test("five wrong codes end the attempt, and ten lock the account's codes for a while", async () => {
      const { secret } = await turnOn()
      const half = await signInHalf()
      for (let index = 0; index < 5; index++) {
        expect(await answer(codeOf(secret, 10 + index), half)).toMatchObject({ ok: false, field: "code" })
      }
      expect(await answer(codeOf(secret), half)).toMatchObject({ ok: false, field: "form" })
      const other = await signInHalf()
      for (let index = 0; index < 4; index++) await answer(codeOf(secret, 20 + index), other)
      expect(await answer(codeOf(secret), await signInHalf())).toMatchObject({
        ok: false,
        retryAfterSeconds: expect.any(Number),
      })
    })

    test("an attempt that is over, forged or none is refused", async () => {
      const { secret } = await turnOn()
      const half = await signInHalf()
      expect(await answer(codeOf(secret), requestWith([]))).toMatchObject({ ok: false, field: "form" })
      const forged = requestWith([`${half.headers.get("cookie")}x`])
      expect(await answer(codeOf(secret), forged)).toMatchObject({ ok: false, field: "form" })
      expect(await answer(codeOf(secret), half)).toMatchObject({ ok: true })
      expect(await answer(codeOf(secret, 1), half)).toMatchObject({ ok: false, field: "form" })
    })

    test("a disabled account does not get past it", async () => {
      const { secret } = await turnOn()
      const half = await signInHalf()
      await accounts.administration.disable(EMAIL)
      expect(await answer(codeOf(secret), half)).toMatchObject({ ok: false })
    })

    test("a recovery code works once, however it is typed", async () => {
      const { recoveryCodes } = await turnOn()
      const [first = "", second = ""] = recoveryCodes
      expect(await answer(first, await signInHalf())).toMatchObject({ ok: true, step: "signed_in" })
      expect(await answer(first, await signInHalf())).toMatchObject({ ok: false, field: "code" })
      const typed = ` ${second.replace("-", " ").toUpperCase()} `
      expect(await answer(typed, await signInHalf())).toMatchObject({ ok: true })
      expect((await accounts.security(id)).secondFactor).toEqual({ recoveryCodesLeft: 8 })
      expect(under.recorded("recovery_code.used")).toEqual([
        { accountId: id, details: { left: 9 } },
        { accountId: id, details: { left: 8 } },
      ])
    })

    test("a recovery code at two places at once works at one", async () => {
      const { recoveryCodes } = await turnOn()
      const [code = ""] = recoveryCodes
      const attempts = [await signInHalf(), await signInHalf()]
      const outcomes = await Promise.all(attempts.map((half) => answer(code, half)))
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
    })
  })

  test("new recovery codes make the old ones void", async () => {
    const { browser, request, recoveryCodes: old } = await turnOn()
    const renewed = await accounts.secondFactor.renewRecoveryCodes(browser, password, request, VISIT)
    if (!renewed.ok) throw new Error(renewed.message)
    expect(renewed.recoveryCodes).toHaveLength(10)
    expect(await answer(old[0] ?? "", await signInHalf())).toMatchObject({ ok: false })
    expect(await answer(renewed.recoveryCodes[0] ?? "", await signInHalf())).toMatchObject({ ok: true })
    expect(under.recorded("recovery_codes.renewed")).toEqual([{ accountId: id }])
    const wrong = { password: "wrong wrong wrong" }
    const refused = await accounts.secondFactor.renewRecoveryCodes(browser, wrong, request, VISIT)
    expect(refused).toMatchObject({ ok: false, field: "password" })
  })

  test("S48 turning it off ends other browsers, command-line sessions and half-done sign-ins", async () => {
    const { browser, secret } = await turnOn()
    const other = await otherBrowser(secret)
    const half = await signInHalf()
    const token = await under.commandLineSession(id)
    const remove = (typed: string, of: BrowserSession) =>
      accounts.secondFactor.remove(of, { password: typed }, VISIT)
    expect(await remove("wrong wrong wrong", browser)).toMatchObject({ ok: false, field: "password" })
    expect(await under.tokens.verify(token)).not.toBeNull()

    const removed = await remove(PASSWORD, browser)
    expect(removed).toMatchObject({ ok: true, endedSessions: 1 })
    expect(await under.tokens.verify(token)).toBeNull()
    expect(await accounts.browserSession(other)).toBeNull()
    expect(await accounts.secondFactor.isAwaited(half)).toBe(false)
    expect((await accounts.security(id)).secondFactor).toBeNull()
    const anew = await under.browserOf(requestWith(cookiesOf(removed)))
    await under.signedIn()
    expect(await remove(PASSWORD, anew)).toMatchObject({ ok: false, field: "form" })
    expect(under.recorded("second_factor.removed")).toEqual([
      { accountId: id, details: { endedSessions: 1 } },
    ])
    await accounts.settled()
    expect(under.mail.sent.map(({ subject }) => subject)).toEqual([
      "Sign-in with a second factor was turned on: your account at Acme",
      "Sign-in with a second factor was turned off: your account at Acme",
    ])
  })

  test("S45 secrets and recovery codes are stored encrypted, and attempts under a digest", async () => {
    const { secret, recoveryCodes } = await turnOn()
    const half = await signInHalf()
    const cookie = decodeURIComponent(half.headers.get("cookie") ?? "")
    const attempt = /two_factor=([^.]+)\./.exec(cookie)?.[1] ?? "none"
    const dumped: unknown[] = []
    for (const table of ["twoFactor", "verification"]) {
      dumped.push((await sql`SELECT * FROM ${sql.table(table)}`.execute(under.database)).rows)
    }
    const dump = JSON.stringify(dumped)
    const bytes = Buffer.from(secretBytes(secret)).toString("utf8")
    expect(bytes).toMatch(/^[\w-]{32}$/)
    for (const text of [secret, bytes, attempt, ...recoveryCodes]) expect(dump).not.toContain(text)
    expect(dump).toContain(id)
  })
})

async function otherBrowser(secret: string): Promise<Request> {
  return requestWith(cookiesOf(await answer(codeOf(secret), await signInHalf())))
}

function secretBytes(secret: string): number[] {
  const bits = [...secret].map((character) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(character).toString(2).padStart(5, "0"),
  )
  return (bits.join("").match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))
}
