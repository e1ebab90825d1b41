import { StoreUnavailableError } from "@authchemy/tokens"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { onEachDatabase } from "../database/testing.ts"
import {
  type AccountsUnderTest,
  codeOf,
  NEXT_PASSWORD,
  openAccountsUnderTest,
  PASSWORD,
  VISIT,
} from "./accounts-testing.ts"

let under: AccountsUnderTest
let accounts: AccountsUnderTest["accounts"]
const EMAIL = "ada@example.com"
const signIn = (password = PASSWORD) => accounts.passwords.signIn({ email: EMAIL, password }, VISIT)

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    accounts = under.accounts
  })
  afterEach(() => under.close())

  test("accounts are made, found and listed, and what is done is recorded", async () => {
    const ada = await under.create()
    await under.create("grace@example.com")
    expect(await accounts.administration.findByEmail(" ADA@example.com")).toEqual(ada)
    expect(await accounts.administration.findByEmail("nobody@example.com")).toBeNull()
    expect(await accounts.administration.findByEmail("nonsense")).toBeNull()
    expect((await accounts.administration.list()).map(({ email }) => email)).toEqual([
      EMAIL,
      "grace@example.com",
    ])
    expect(under.recorded("account.created")[0]).toEqual({
      accountId: ada.id,
      details: { method: "operator" },
    })
    expect(under.mail.sent).toEqual([])
  })

  test("S48 a disabled account signs in nowhere; disabling twice changes nothing", async () => {
    const { id } = await under.create()
    const { request } = await under.signedIn()
    const disabled = await accounts.administration.disable("ADA@example.com")
    expect(disabled).toMatchObject({ id, disabledAt: expect.any(Date) })
    expect(await accounts.administration.disable(EMAIL)).toEqual(disabled)
    expect(await accounts.browserSession(request)).toBeNull()
    expect(await signIn()).toMatchObject({ ok: false })
    expect(await accounts.administration.disable("nobody@example.com")).toBeNull()
    expect(under.recorded("account.disabled")).toEqual([{ accountId: id }])
  })

  test("S48 an account that is enabled again has to sign in anew, everywhere", async () => {
    const { id } = await under.create()
    const { request } = await under.signedIn()
    const token = await under.commandLineSession(id)
    await accounts.administration.disable(EMAIL)
    // The operator's command ends its sessions; here it could not.
    expect(await under.tokens.verify(token)).not.toBeNull()
    expect(await accounts.administration.enable(EMAIL)).toMatchObject({ id, disabledAt: null })
    expect(await under.tokens.verify(token)).toBeNull()
    expect(await accounts.browserSession(request)).toBeNull()
    expect(await signIn()).toMatchObject({ ok: true })
    expect(await accounts.administration.enable(EMAIL)).toMatchObject({ id })
    expect(await accounts.administration.enable("nobody@example.com")).toBeNull()
    expect(under.recorded("account.enabled")).toEqual([{ accountId: id }])
  })

  test("S48 where its sessions cannot be ended, an account stays disabled", async () => {
    const { id } = await under.create()
    await accounts.administration.disable(EMAIL)
    const revokeSessions = vi.fn().mockRejectedValue(new StoreUnavailableError(new Error("silent")))
    const cut = under.again({ tokens: { ...under.tokens, revokeSessions } })
    await expect(cut.administration.enable(EMAIL)).rejects.toMatchObject({ code: "store_unavailable" })
    expect(await accounts.find(id)).toBeNull()
  })

  test("S48 a reset ends every session and makes a link that sets a password; nothing is mailed", async () => {
    const { id } = await under.create()
    const { request } = await under.signedIn()
    const token = await under.commandLineSession(id)
    const reset = await accounts.administration.reset(EMAIL, { secondFactor: false })
    const stillOpen = { passkeys: 0, providers: 0, accessKeys: 0 }
    const expected = { account: { id, email: EMAIL }, endedSessions: 1, emailVerified: true, stillOpen }
    expect(reset).toMatchObject(expected)
    expect(await under.tokens.verify(token)).toBeNull()
    expect(await accounts.browserSession(request)).toBeNull()
    await accounts.settled()
    expect(under.mail.sent).toEqual([])
    const link = new URL(reset?.link ?? "")
    expect(`${link.origin}${link.pathname}`).toBe("http://localhost:4000/reset-password")
    const form = { token: link.searchParams.get("token") ?? "", password: NEXT_PASSWORD }
    expect(await accounts.passwords.reset(form, VISIT)).toMatchObject({ ok: true })
    expect(await signIn(NEXT_PASSWORD)).toMatchObject({ ok: true })
    expect(under.recorded("account.reset")).toEqual([
      { accountId: id, details: { secondFactor: false, endedSessions: 1 } },
    ])
    expect(await accounts.administration.reset("nobody@example.com", { secondFactor: true })).toBeNull()
  })

  test("S48 a reset whose last sessions could not be ended is recorded, for the first have", async () => {
    const { id } = await under.create()
    const revokeSessions = vi
      .fn()
      .mockResolvedValueOnce(1)
      .mockRejectedValueOnce(new StoreUnavailableError(new Error("silent")))
    const cut = under.again({ tokens: { ...under.tokens, revokeSessions } })
    const reset = cut.administration.reset(EMAIL, { secondFactor: true })
    await expect(reset).rejects.toMatchObject({ code: "store_unavailable" })
    expect(under.recorded("account.reset")).toEqual([
      { accountId: id, details: { secondFactor: true, endedSessions: 1 } },
    ])
  })

  test("a reset takes the second factor and the passkeys away only where it is told to", async () => {
    const { id } = await under.create()
    const { browser, request } = await under.signedIn()
    const begun = await accounts.secondFactor.begin(browser, { password: PASSWORD }, request, VISIT)
    if (!begun.ok) throw new Error(begun.message)
    await accounts.secondFactor.confirm(browser, { code: codeOf(begun.secret) }, request, VISIT)
    await under.database.insertInto("passkey").values(passkeyOf(id)).execute()
    const plain = await accounts.administration.reset(EMAIL, { secondFactor: false })
    expect(plain).toMatchObject({ stillOpen: { passkeys: 1 } })
    expect(await accounts.security(id)).toMatchObject({ secondFactor: {}, passkeys: [{ name: "Phone" }] })
    await accounts.administration.reset(EMAIL, { secondFactor: true })
    expect(await accounts.security(id)).toMatchObject({ secondFactor: null, passkeys: [], hasPassword: true })
    expect(await signIn()).toMatchObject({ ok: true, step: "signed_in" })
  })
})

function passkeyOf(accountId: string) {
  return {
    ...{ id: "credential", account_id: accountId, user_handle: "handle", public_key: "key", counter: 0 },
    ...{ transports: "[]", name: "Phone", device_type: "multiDevice", backed_up: 1 },
    ...{ created_at: "2026-11-23T22:05:00.000Z", last_used_at: null },
  }
}
