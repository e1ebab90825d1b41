import { afterEach, beforeEach, expect, test } from "vitest"
import { onEachDatabase } from "../database/testing.ts"
import { openPartsUnderTest, type PartsUnderTest } from "./parts-testing.ts"
import { passkeysOf, providersOf, waysToSignIn } from "./ways-to-sign-in.ts"

const ACME = { id: "acme", name: "Acme", issuer: "https://acme.example" }
const OTHER = { id: "other", name: "Other", issuer: "https://other.example" }
const [EARLIER, LATER] = ["2026-11-23T22:05:00.000Z", "2026-11-24T22:05:00.000Z"]

onEachDatabase((database) => {
  let under: PartsUnderTest
  beforeEach(async () => {
    under = await openPartsUnderTest(database)
  })
  afterEach(() => under.close())

  const addPasskey = (accountId: string, id: string, at: string, used: string | null) =>
    under.database
      .insertInto("passkey")
      .values({
        ...{ id, account_id: accountId, user_handle: "h", public_key: "k", counter: 0, transports: "[]" },
        ...{ name: id, device_type: "singleDevice", backed_up: 0, created_at: at, last_used_at: used },
      })
      .execute()
  const addLink = (accountId: string, provider: { id: string; issuer: string }) =>
    under.database
      .insertInto("provider_identity")
      .values({
        ...{ provider_id: provider.id, issuer: provider.issuer, subject: accountId, account_id: accountId },
        ...{ created_at: EARLIER, last_used_at: null },
      })
      .execute()

  test("a password, passkeys and links are counted, each account's own", async () => {
    const [ada, grace] = [
      await under.account("ada@example.com"),
      await under.account("g@example.com", { password: false }),
    ]
    const ways = (accountId: string) => waysToSignIn(under.database, accountId, [ACME, OTHER])
    expect([await ways(ada.account.id), await ways(grace.account.id)]).toEqual([1, 0])
    await addPasskey(ada.account.id, "one", EARLIER, null)
    await addPasskey(ada.account.id, "two", EARLIER, null)
    await addLink(ada.account.id, ACME)
    expect([await ways(ada.account.id), await ways(grace.account.id)]).toEqual([4, 0])
  })

  test("links count where their provider is configured, with the issuer that it had; in the order of the configuration", async () => {
    const { account } = await under.account("ada@example.com", { password: false })
    await addLink(account.id, OTHER)
    await addLink(account.id, ACME)
    await addLink(account.id, { id: "gone", issuer: "https://gone.example" })
    const linked = (...configured: (typeof ACME)[]) => providersOf(under.database, account.id, configured)
    expect(await linked(ACME, OTHER)).toEqual([
      { id: "acme", name: "Acme" },
      { id: "other", name: "Other" },
    ])
    expect(await linked({ ...ACME, issuer: "https://new.example" })).toEqual([])
    expect(await linked()).toEqual([])
  })

  test("passkeys are told in the order in which they were added", async () => {
    const { account } = await under.account("ada@example.com")
    await addPasskey(account.id, "later", LATER, null)
    await addPasskey(account.id, "earlier", EARLIER, LATER)
    expect(await passkeysOf(under.database, account.id)).toEqual([
      { id: "earlier", name: "earlier", createdAt: new Date(EARLIER), lastUsedAt: new Date(LATER) },
      { id: "later", name: "later", createdAt: new Date(LATER), lastUsedAt: null },
    ])
  })
})
