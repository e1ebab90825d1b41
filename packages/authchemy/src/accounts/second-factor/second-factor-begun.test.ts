import { sql } from "kysely"
import { afterEach, beforeEach, expect, test } from "vitest"
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
type SignedIn = Awaited<ReturnType<AccountsUnderTest["signedIn"]>>
const MINUTE = 60_000

async function begin({ browser, request }: SignedIn): Promise<string> {
  const begun = await accounts.secondFactor.begin(browser, { password: PASSWORD }, request, VISIT)
  if (!begun.ok) throw new Error(begun.message)
  return begun.secret
}
const confirm = ({ browser, request }: SignedIn, secret: string) =>
  accounts.secondFactor.confirm(browser, { code: codeOf(secret) }, request, VISIT)

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    accounts = under.accounts
    await under.create()
  })
  afterEach(() => under.close())

  test("S38 what one browser has begun, with the password, another one neither sees nor turns on", async () => {
    const [own, other] = [await under.signedIn(), await under.signedIn()]
    const secret = await begin(own)
    expect(await accounts.secondFactor.begun(own.browser)).toMatchObject({ secret })
    expect(await accounts.secondFactor.begun(other.browser)).toBeNull()
    expect(await confirm(other, secret)).toMatchObject({ ok: false, field: "form" })
    expect(await confirm(own, secret)).toMatchObject({ ok: true })
  })

  test("it ends after ten minutes", async () => {
    const own = await under.signedIn()
    const secret = await begin(own)
    under.clock.ahead += 10 * MINUTE - 1_000
    expect(await accounts.secondFactor.begun(own.browser)).toMatchObject({ secret })
    under.clock.ahead += 1_000
    expect(await accounts.secondFactor.begun(own.browser)).toBeNull()
    expect(await confirm(own, secret)).toMatchObject({ ok: false, field: "form" })
  })

  test("S48 a change that ends sessions ends it, and leaves no secret of it", async () => {
    const own = await under.signedIn()
    await begin(own)
    const form = { current: PASSWORD, next: NEXT_PASSWORD }
    await accounts.passwords.change(own.browser, form, VISIT)
    const again = await under.signedIn("ada@example.com", NEXT_PASSWORD)
    expect(await accounts.secondFactor.begun(again.browser)).toBeNull()
    const { rows } = await sql`SELECT * FROM "twoFactor"`.execute(under.database)
    expect(rows).toEqual([])
  })
})
