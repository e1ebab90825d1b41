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
let accounts: AccountsUnderTest["accounts"]
const signInFrom = async (address: string, agent: string | null) => {
  const form = { email: "ada@example.com", password: PASSWORD }
  const request = requestWith(cookiesOf(await accounts.passwords.signIn(form, { address, agent })))
  return { request, browser: await under.browserOf(request) }
}

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    accounts = under.accounts
    await under.create()
  })
  afterEach(() => under.close())

  test("the browsers are listed with where they are, and the one that asks", async () => {
    const { browser: here } = await signInFrom("192.0.2.1", "Firefox — “here”")
    await signInFrom("2001:db8::1", null)
    await under.create("grace@example.com")
    await under.signedIn("grace@example.com")
    const listed = await accounts.browsers.list(here)
    expect(listed).toHaveLength(2)
    expect(listed.find(({ current }) => current)).toEqual({
      id: here.sessionId,
      address: "192.0.2.1",
      agent: "Firefox — “here”",
      createdAt: expect.any(Date),
      lastUsedAt: expect.any(Date),
      current: true,
    })
    expect(listed.find(({ current }) => !current)).toMatchObject({ address: "2001:db8::1", agent: null })
  })

  test("what a browser says of its address counts for nothing", async () => {
    const { request } = await signInFrom("192.0.2.1", "Firefox")
    const lying = new Request(request, {
      headers: {
        ...Object.fromEntries(request.headers),
        "x-forwarded-for": "198.51.100.9",
        "x-authchemy-visit": "%7B%7D",
      },
    })
    const browser = await under.browserOf(lying)
    const form = { current: PASSWORD, next: PASSWORD }
    const changed = await accounts.passwords.change(browser, form, VISIT)
    const after = await under.browserOf(requestWith(cookiesOf(changed)))
    expect(await accounts.browsers.list(after)).toMatchObject([
      { address: VISIT.address, agent: VISIT.agent },
    ])
  })

  test("the last use is kept to the minute, and nobody waits for it", async () => {
    const { request, browser } = await signInFrom("192.0.2.1", "Firefox")
    const lastUse = async () => (await accounts.browsers.list(browser))[0]?.lastUsedAt.getTime() ?? 0
    const first = await lastUse()
    under.clock.ahead += 59_000
    await under.browserOf(request)
    await accounts.settled()
    expect(await lastUse()).toBe(first)
    under.clock.ahead += 2_000
    await under.browserOf(request)
    await accounts.settled()
    expect((await lastUse()) - first).toBeGreaterThanOrEqual(61_000)
  })

  test("S48 one is ended by its id, and only one of the account's own", async () => {
    const { browser: here } = await signInFrom("192.0.2.1", "Firefox")
    const there = await signInFrom("192.0.2.2", "Safari")
    const { browser: stranger, request } = await (async () => {
      await under.create("grace@example.com")
      return under.signedIn("grace@example.com")
    })()
    expect(await accounts.browsers.end(here, stranger.sessionId)).toBe(false)
    expect(await accounts.browserSession(request)).not.toBeNull()
    expect(await accounts.browsers.end(here, there.browser.sessionId)).toBe(true)
    expect(await accounts.browserSession(there.request)).toBeNull()
    expect(await accounts.browsers.end(here, there.browser.sessionId)).toBe(false)
    expect(under.recorded("browser.ended")).toEqual([{ accountId: here.account.id, details: { count: 1 } }])
  })

  test("S48 all others are ended, and the one that asks goes on", async () => {
    const here = await signInFrom("192.0.2.1", "Firefox")
    const others = [await signInFrom("192.0.2.2", "Safari"), await signInFrom("192.0.2.3", "Edge")]
    expect(await accounts.browsers.endOthers(here.browser)).toBe(2)
    for (const { request } of others) expect(await accounts.browserSession(request)).toBeNull()
    expect(await accounts.browserSession(here.request)).not.toBeNull()
    expect(await accounts.browsers.endOthers(here.browser)).toBe(0)
    expect(under.recorded("browser.ended")).toMatchObject([{ details: { count: 2 } }])
  })
})
