import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { withOrigin } from "../../audit/origin.ts"
import { type AppUnderTest, openAppUnderTest } from "../testing.ts"
import { type BrowserUnderTest, openBrowserUnderTest } from "./testing.ts"

const CHROME =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"

let under: AppUnderTest

beforeAll(async () => {
  under = await openAppUnderTest()
})
afterAll(() => under.close())

const itemsIn = (page: string) =>
  Array.from(
    page.matchAll(/<li>\s*<p><bdi>(.*?)<\/bdi><\/p>\s*<p class="meta">(.*?)<\/p>/gs),
    ([, what, rest]) => [what, rest?.replace(/<[^>]*>/g, "")],
  )

/** An account whose own sign-in stands in the log already. */
async function open(email: string): Promise<BrowserUnderTest> {
  const browser = await openBrowserUnderTest(under, email)
  under.clock.now += 60_000
  return browser
}

describe("the page of activity", () => {
  test("tells what happened, when, from where and with what, the newest first", async () => {
    const ann = await open("ann@example.com")
    const { accountId } = ann
    withOrigin({ actor: "browser", address: "10.0.0.4", agent: CHROME }, () =>
      under.audit.record({ type: "password.changed", accountId }),
    )
    under.clock.now += 60_000
    withOrigin({ actor: "program", address: "203.0.113.9", agent: "alchemy-cli/1.0.0" }, () =>
      under.audit.record({ type: "token.issued", accountId, sessionId: "s", device: { name: "ann-laptop" } }),
    )
    under.clock.now += 60_000
    withOrigin({ actor: "operator", address: null, agent: null }, () =>
      under.audit.record({ type: "account.enabled", accountId }),
    )
    const [first, second, third, ...rest] = itemsIn(await ann.page("/activity"))
    expect(first).toEqual([
      "Account enabled by the operator",
      "23 Nov 2026, 22:08 UTC · by whoever runs this server",
    ])
    expect(second).toEqual([
      "A program on ann-laptop was given a token",
      "23 Nov 2026, 22:07 UTC · from 203.0.113.9 · alchemy-cli/1.0.0",
    ])
    expect(third).toEqual([
      "Password changed",
      "23 Nov 2026, 22:06 UTC · from 10.0.0.4 (a private network) · Chrome on Linux",
    ])
    expect(rest[0]?.[0]).toBe("Signed in with a password")
  })

  test("is the account's own only", async () => {
    const bob = await open("bob@example.com")
    under.audit.record({ type: "password.changed", accountId: "somebody-else" })
    expect(itemsIn(await bob.page("/activity")).map(([what]) => what)).not.toContain("Password changed")
  })

  test("S14 markup in what a program says of itself is shown as text", async () => {
    const cid = await open("cid@example.com")
    const markup = "<img src=x onerror=alert(1)>"
    withOrigin({ actor: "program", address: null, agent: markup }, () =>
      under.audit.record({
        ...{ type: "token.issued", accountId: cid.accountId, sessionId: "s" },
        device: { name: markup, client: markup },
      }),
    )
    const page = await cid.page("/activity")
    expect(page).not.toContain("<img src=x")
    expect(page.match(/&lt;img src=x onerror=alert\(1\)&gt;/g)).toHaveLength(3)
  })

  test("shows 25 a page and leads to the older ones, each once, and back to the newest", async () => {
    const dan = await open("dan@example.com")
    for (let index = 0; index < 60; index++) {
      under.clock.now += 1000
      under.audit.record({
        type: "access_key.created",
        accountId: dan.accountId,
        details: { name: `k${index}` },
      })
    }
    const seen: (string | undefined)[] = []
    let path: string | undefined = "/activity"
    let pages = 0
    while (path !== undefined) {
      const page: string = await dan.page(path)
      const items = itemsIn(page)
      expect(items.length).toBeLessThanOrEqual(25)
      expect(page.includes(">Newest<")).toBe(pages > 0)
      seen.push(...items.map(([what]) => what))
      pages++
      path = /href="([^"]+)">Older</.exec(page)?.[1]
    }
    expect(pages).toBe(3)
    const keys = Array.from({ length: 60 }, (_, index) => `Access key “k${59 - index}” created`)
    expect(seen.slice(0, 60)).toEqual(keys)
  })

  test.each(["x", "%00", "", "W10"])("a cursor that is none (%s) leads to the newest", async (cursor) => {
    const eve = await open("eve@example.com")
    const response = await eve.get(`/activity?cursor=${cursor}`)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain("Newest events")
  })
})
