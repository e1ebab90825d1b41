import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, openAppUnderTest } from "../testing.ts"
import { type BrowserUnderTest, messageIn, openBrowserUnderTest, seeOther } from "./testing.ts"

let under: AppUnderTest
let ann: BrowserUnderTest

beforeAll(async () => {
  under = await openAppUnderTest()
  ann = await openBrowserUnderTest(under)
})
afterAll(() => under.close())

const create = (fields: Record<string, string> = {}, browser = ann) =>
  browser.post("/apps", { name: "shop", description: "", "network.ETH_MAINNET": "on", ...fields })
const linksIn = (page: string) => page.match(/<h3><a href="\/apps\/app_/g) ?? []

describe("the page of apps", () => {
  test("says that there is none, and offers every network", async () => {
    const page = await (await openBrowserUnderTest(under, "new@example.com")).page("/apps")
    expect(page).toContain("There is no app yet.")
    expect(page.match(/type="checkbox"/g)).toHaveLength(21)
    expect(page).not.toContain("checked")
  })

  test("creates an app with the networks that are ticked, and leads to it", async () => {
    const response = await create({ "network.SOLANA_MAINNET": "on", description: "two\r\nlines" })
    const [status, location] = seeOther(response)
    expect([status, location]).toEqual([303, expect.stringMatching(/^\/apps\/app_[\w-]+\?done=created$/)])
    const page = await ann.page(location ?? "")
    expect(messageIn(page)).toBe("The app was created.")
    expect(page).toContain("two\nlines</textarea>")
    const ticked = Array.from(page.matchAll(/name="network\.(\w+)" checked/g), ([, id]) => id)
    expect(ticked).toEqual(["ETH_MAINNET", "SOLANA_MAINNET"])
    expect(await ann.page("/apps")).toContain("2 networks")
  })

  test.each([
    ["no name", { name: " " }, "name", "Give the app a name."],
    ["a long name", { name: "n".repeat(101) }, "name", "at most 100 characters; this one has 101."],
    ["a long description", { description: "d".repeat(501) }, "description", "this one has 501."],
    ["no network", { "network.ETH_MAINNET": undefined }, "networks", "Choose at least one network."],
    ["a network that is none", { "network.ETH_MAINNET": undefined, "network.X": "on" }, "networks", "Choose"],
  ])(
    "with %s is refused beside the field, and all that was typed stays",
    async (_, wrong, field, message) => {
      const typed = { name: "kept", description: "kept, too", "network.ETH_MAINNET": "on", ...wrong }
      const fields = Object.entries(typed).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      )
      const response = await ann.post("/apps", Object.fromEntries(fields))
      expect(response.status).toBe(400)
      const page = await response.text()
      expect(messageIn(page, "alert")).toContain(message)
      expect(page).toContain(`<a href="#${field}">`)
      expect(page).toContain(`id="${field}-problem"`)
      if (typed.name === "kept") expect(page).toContain('value="kept"')
      if (typed.description === "kept, too") expect(page).toContain("kept, too</textarea>")
      if (typed["network.ETH_MAINNET"] === "on") expect(page).toContain('name="network.ETH_MAINNET" checked')
    },
  )

  test("the same form twice makes one app", async () => {
    const form_token = await ann.formToken("/apps")
    const before = linksIn(await ann.page("/apps")).length
    await create({ form_token })
    expect(seeOther(await create({ form_token }))).toEqual([303, "/apps?done=again"])
    const page = await ann.page("/apps?done=again")
    expect(messageIn(page)).toContain("made no second app")
    expect(linksIn(page)).toHaveLength(before + 1)
  })

  test("S14 markup in a name and a description is shown as text", async () => {
    const bob = await openBrowserUnderTest(under, "bob@example.com")
    const markup = `"></textarea><img src=x onerror=alert(1)>`
    const [, location] = seeOther(await create({ name: markup, description: markup }, bob))
    const path = location?.split("?")[0] ?? ""
    for (const shown of ["/apps", path, `${path}/delete`]) {
      const page = await bob.page(shown)
      expect(page).not.toContain("<img src=x")
      expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;")
    }
  })

  test("shows 25 apps, the oldest first, and leads on to more and back", async () => {
    const cid = await openBrowserUnderTest(under, "cid@example.com")
    for (let index = 0; index < 60; index++) {
      under.clock.now += 1000
      await create({ name: `app ${index}` }, cid)
    }
    const names: string[] = []
    let path: string | undefined = "/apps"
    const sizes: number[] = []
    while (path !== undefined) {
      const page: string = await cid.page(path)
      const own = Array.from(page.matchAll(/<bdi>(app \d+)<\/bdi>/g), ([, name = ""]) => name)
      sizes.push(own.length)
      names.push(...own)
      expect(page.includes(">First apps<")).toBe(sizes.length > 1)
      path = /href="([^"]+)">More apps</.exec(page)?.[1]
    }
    expect(sizes).toEqual([25, 25, 10])
    expect(names).toEqual(Array.from({ length: 60 }, (_, index) => `app ${index}`))
  })

  test.each([
    "x",
    "%00",
    Buffer.from('["\\u0000","x"]').toString("base64url"),
    Buffer.from('["2026-11-23T22:05:00.000Z","\\u0000"]').toString("base64url"),
    "",
    "__proto__",
  ])("a cursor that is none (%s) leads to the first page", async (cursor) => {
    const response = await ann.get(`/apps?cursor=${cursor}`)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain("Your apps")
  })
})
