import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type AppUnderTest, form, openAppUnderTest } from "../testing.ts"
import { type BrowserUnderTest, messageIn, openBrowserUnderTest, seeOther } from "./testing.ts"

let under: AppUnderTest
let ann: BrowserUnderTest
let bob: BrowserUnderTest
/** The page of a fresh app. */
let path: string

beforeAll(async () => {
  under = await openAppUnderTest()
  ann = await openBrowserUnderTest(under)
  bob = await openBrowserUnderTest(under, "bob@example.com")
})
afterAll(() => under.close())
beforeEach(async () => {
  path = await newApp(ann)
})

async function newApp(browser: BrowserUnderTest): Promise<string> {
  const fields = { name: "shop", "network.ETH_MAINNET": "on" }
  const [, location] = seeOther(await browser.post("/apps", fields))
  return location?.split("?")[0] ?? ""
}
const tagIn = (page: string) => /name="tag" value="([^"]+)"/.exec(page)?.[1]?.replaceAll("&quot;", '"') ?? ""
const tag = async () => tagIn(await ann.page(path))
const save = async (part: string, fields: Record<string, string>, by = ann) =>
  by.post(`${path}/${part}`, { tag: await tag(), ...fields }, path)
const listIn = (page: string, field: string) =>
  new RegExp(`<textarea id="${field}"[^>]*>\\n([^<]*)</textarea>`).exec(page)?.[1]
const ticked = (page: string) => Array.from(page.matchAll(/name="network\.(\w+)" checked/g), ([, id]) => id)

describe("the page of an app", () => {
  test("shows both keys, each with a button that copies it", async () => {
    const page = await ann.page(path)
    for (const id of ["api-key", "webhook-key"]) {
      expect(page).toMatch(new RegExp(`<code id="${id}">[\\w-]{32}</code>`))
      expect(page).toContain(`data-copy="#${id}" aria-describedby="${id}-label" hidden`)
    }
  })

  test("its name and description are changed; an empty description is none", async () => {
    const answer = await ann.post(path, { name: " new\u0000name ", description: "a\r\nb" })
    expect(seeOther(answer)).toEqual([303, `${path}?done=name`])
    expect(await ann.page(path)).toContain("<h1><bdi>new name</bdi></h1>")
    await ann.post(path, { name: "new name", description: "" })
    expect(await ann.page(path)).toMatch(/name="description"[^>]*>\n<\/textarea>/)
  })

  test("without a name it is not changed, and what was typed stays", async () => {
    const answer = await ann.post(path, { name: "", description: "typed" })
    expect(answer.status).toBe(400)
    const page = await answer.text()
    expect(messageIn(page, "alert")).toBe("Give the app a name.")
    expect(page).toContain("typed</textarea>")
    expect(await ann.page(path)).toContain("<h1><bdi>shop</bdi></h1>")
  })

  test("its networks are put in place", async () => {
    const answer = await save("networks", { "network.BASE_MAINNET": "on", "network.BLAST_MAINNET": "on" })
    expect(seeOther(answer)).toEqual([303, `${path}?done=networks`])
    const page = await ann.page(`${path}?done=networks`)
    expect(messageIn(page)).toBe("The networks were saved.")
    expect(ticked(page)).toEqual(["BASE_MAINNET", "BLAST_MAINNET"])
  })

  test("no network at all is refused", async () => {
    const answer = await save("networks", {})
    expect(answer.status).toBe(400)
    const page = await answer.text()
    expect(messageIn(page, "alert")).toBe("Choose at least one network.")
    expect(ticked(page)).toEqual([])
    expect(ticked(await ann.page(path))).toEqual(["ETH_MAINNET"])
  })

  test.each([
    ["address-allowlist", "addressAllowlist", `0x${"ab".repeat(20)} # wallet\nSo1ana`],
    ["origin-allowlist", "originAllowlist", "https://*.example.com # site\nexample.org"],
    ["ip-allowlist", "ipAllowlist", "203.0.113.0/24 # office\n2001:db8::1"],
  ])("%s is kept, shown again, and emptied", async (part, field, text) => {
    expect(seeOther(await save(part, { [field]: `\r\n${text.replaceAll("\n", "\r\n\r\n")}\r\n` }))).toEqual([
      303,
      `${path}?done=list`,
    ])
    expect(listIn(await ann.page(path), field)).toBe(text)
    await save(part, { [field]: "" })
    expect(listIn(await ann.page(path), field)).toBe("")
  })

  test("a list that is refused names the line, and all that was typed stays", async () => {
    const typed = "203.0.113.1 # office\n\nlocalhost # <b>me</b>"
    const answer = await save("ip-allowlist", { ipAllowlist: typed })
    expect(answer.status).toBe(400)
    const page = await answer.text()
    expect(messageIn(page, "alert")).toMatch(/^Line 3: must be an IPv4 or IPv6 address, or a CIDR range/)
    expect(listIn(page, "ipAllowlist")).toBe(typed.replace("<b>me</b>", "&lt;b&gt;me&lt;/b&gt;"))
    expect(listIn(await ann.page(path), "ipAllowlist")).toBe("")
  })
})

describe("something else changes the app meanwhile", () => {
  test("a list is not put in place; the page shows what there is now and keeps what was typed", async () => {
    const before = await tag()
    await save("ip-allowlist", { ipAllowlist: "203.0.113.7 # <i>theirs</i>" })
    const answer = await save("ip-allowlist", { ipAllowlist: "203.0.113.8 # mine", tag: before })
    expect(answer.status).toBe(409)
    const page = await answer.text()
    expect(messageIn(page, "alert")).toContain("something else changed this app meanwhile")
    expect(listIn(page, "ipAllowlist")).toBe("203.0.113.8 # mine")
    expect(page).toContain("<code>203.0.113.7 # &lt;i&gt;theirs&lt;/i&gt;</code>")
    expect(listIn(await ann.page(path), "ipAllowlist")).toContain("203.0.113.7")
    const again = { ipAllowlist: "203.0.113.8 # mine", tag: tagIn(page) }
    expect((await save("ip-allowlist", again)).status).toBe(303)
    expect(listIn(await ann.page(path), "ipAllowlist")).toBe("203.0.113.8 # mine")
  })

  test("networks are not put in place, likewise", async () => {
    const before = await tag()
    await save("networks", { "network.BASE_MAINNET": "on" })
    const answer = await save("networks", { "network.BLAST_MAINNET": "on", tag: before })
    expect(answer.status).toBe(409)
    const page = await answer.text()
    expect(ticked(page)).toEqual(["BLAST_MAINNET"])
    expect(page).toContain("The app now has: Base Mainnet.")
    expect(ticked(await ann.page(path))).toEqual(["BASE_MAINNET"])
  })

  test.each(["", "*", '"x"'])("a form with the tag %j puts nothing in place", async (wrong) => {
    const answer = await save("networks", { "network.BLAST_MAINNET": "on", tag: wrong })
    expect(answer.status).toBe(409)
    expect(ticked(await ann.page(path))).toEqual(["ETH_MAINNET"])
  })

  test("of two forms that were shown together, sent at once, one is saved", async () => {
    const shown = await tag()
    const answers = await Promise.all(
      ["203.0.113.1", "203.0.113.2", "203.0.113.3"].map((ipAllowlist) =>
        save("ip-allowlist", { ipAllowlist, tag: shown }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 409, 409])
  })
})

describe("another account's app", () => {
  const parts = ["/networks", "/address-allowlist", "/origin-allowlist", "/ip-allowlist", ""]

  test("S47 is a page that is not there, as one that never was", async () => {
    const foreign = await newApp(bob)
    for (const other of [foreign, "/apps/app_unknown", "/apps/%00", "/apps/x%2Fy"]) {
      for (const shown of [other, `${other}/delete`]) {
        const response = await under.app.request(shown, {
          headers: { Cookie: ann.cookie, Accept: "text/html" },
        })
        expect(response.status).toBe(404)
        expect(await response.text()).toContain("There is no such app.")
      }
      for (const part of parts) {
        const fields = { name: "stolen", "network.BLAST_MAINNET": "on", ipAllowlist: "203.0.113.1" }
        expect((await ann.post(`${other}${part}`, fields, "/apps")).status).toBe(404)
      }
      const answer = await ann.post(`${other}/delete`, {}, "/apps")
      expect(seeOther(answer)).toEqual([303, "/apps?done=nothing"])
    }
    const page = await bob.page(foreign)
    expect(page).toContain("<h1><bdi>shop</bdi></h1>")
    expect(ticked(page)).toEqual(["ETH_MAINNET"])
  })
})

describe("deleting an app", () => {
  test("is asked once more, and then it is gone", async () => {
    expect(await ann.page(`${path}/delete`)).toContain("<h1>Delete this app?</h1>")
    expect((await ann.get(path)).status).toBe(200)
    expect(seeOther(await ann.post(`${path}/delete`, {}))).toEqual([303, "/apps?done=deleted"])
    expect((await ann.get(path)).status).toBe(404)
    expect(seeOther(await ann.post(`${path}/delete`, {}, "/apps"))).toEqual([303, "/apps?done=nothing"])
  })

  test("S16 without its form token deletes nothing: 403", async () => {
    const answer = await under.app.request(`${path}/delete`, form({}, { Cookie: ann.cookie }))
    expect(answer.status).toBe(403)
    expect((await ann.get(path)).status).toBe(200)
  })
})
