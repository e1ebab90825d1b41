import { afterEach, beforeEach, expect, test } from "vitest"
import { onEachDatabase } from "../../database/testing.ts"
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
const EMAIL = "ada@example.com"

async function turnOn() {
  const { browser, request } = await under.signedIn()
  const { secondFactor } = under.accounts
  const begun = await secondFactor.begin(browser, { password: PASSWORD }, request, VISIT)
  if (!begun.ok) throw new Error(begun.message)
  const confirmed = await secondFactor.confirm(browser, { code: codeOf(begun.secret, -1) }, request, VISIT)
  return { secret: begun.secret, request: requestWith(cookiesOf(confirmed)) }
}
async function subjects(): Promise<string[]> {
  await under.accounts.settled()
  return under.mail.sent.splice(0).map(({ subject }) => subject)
}

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    await under.create()
  })
  afterEach(() => under.close())

  test("its owner is told when it is turned on, and when recovery codes are renewed", async () => {
    const { request } = await turnOn()
    expect(await subjects()).toEqual(["Sign-in with a second factor was turned on: your account at Acme"])
    const browser = await under.browserOf(request)
    const form = { password: PASSWORD }
    await under.accounts.secondFactor.renewRecoveryCodes(browser, form, request, VISIT)
    expect(await subjects()).toEqual(["New recovery codes were made: your account at Acme"])
  })

  test("S38 its owner is told of ten wrong codes, once a day", async () => {
    const { secret } = await turnOn()
    await subjects()
    const halfSignedIn = async (accounts: AccountsUnderTest["accounts"]) =>
      requestWith(cookiesOf(await accounts.passwords.signIn({ email: EMAIL, password: PASSWORD }, VISIT)))
    const guess = async (times: number) => {
      const half = await halfSignedIn(under.accounts)
      for (let index = 0; index < times; index++) {
        const form = { code: index % 2 === 0 ? codeOf(secret, 10 + index) : "23456-23456" }
        await under.accounts.secondFactor.answer(form, half, VISIT)
      }
    }
    await guess(5)
    await guess(4)
    expect(await subjects()).toEqual([])
    await guess(1)
    expect(await subjects()).toEqual([expect.stringMatching(/^Ten wrong codes were typed/)])
    await guess(5)
    expect(await subjects()).toEqual([])
  })
})
