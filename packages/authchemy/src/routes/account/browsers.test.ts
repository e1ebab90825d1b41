import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type AppUnderTest, cookiesOf, form, openAppUnderTest, PASSWORD } from "../testing.ts"
import { type BrowserUnderTest, messageIn, openBrowserUnderTest, seeOther } from "./testing.ts"

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"

let under: AppUnderTest
let ann: BrowserUnderTest

beforeAll(async () => {
  under = await openAppUnderTest()
  ann = await openBrowserUnderTest(under)
})
afterAll(() => under.close())
beforeEach(async () => {
  await ann.post("/sessions", { browser: "others" })
})

/** Another browser of Ann's; its cookie. */
async function another(agent = FIREFOX): Promise<string> {
  const credentials = { email: "ann@example.com", password: PASSWORD }
  return cookiesOf(await under.app.request("/sign-in", form(credentials, { "User-Agent": agent })))
}
const isSignedIn = async (cookie: string) =>
  (await under.app.request("/sessions", { headers: { Cookie: cookie } })).status === 200
const idIn = (page: string, name: string) =>
  new RegExp(`name="browser" value="([^"]+)"[^>]*aria-label="End ${name}"`).exec(page)?.[1] ?? ""

describe("the browsers on the page of sessions", () => {
  test("are named, the one that asks first and without a button", async () => {
    const alone = await ann.page("/sessions")
    expect(alone).toContain("No other browser is signed in")
    expect(alone).not.toContain('name="browser"')
    await another()
    const page = await ann.page("/sessions")
    expect(page.indexOf("this browser")).toBeLessThan(page.indexOf("Firefox on Linux"))
    expect(page.match(/name="browser"/g)).toHaveLength(1)
    expect(page).not.toContain("End all others")
    await another("<img src=x onerror=alert(1)>")
    const three = await ann.page("/sessions")
    expect(three).toContain("End all others")
    expect(three).not.toContain("<img src=x")
  })

  test("S48 one is ended, the others and the programs go on", async () => {
    const [ended, kept] = [await another(), await another("x")]
    const id = idIn(await ann.page("/sessions"), "Firefox on Linux")
    const answer = await ann.post("/sessions", { browser: id })
    expect(seeOther(answer)).toEqual([303, "/sessions?ended=browsers&count=1"])
    expect([await isSignedIn(ended), await isSignedIn(kept), await isSignedIn(ann.cookie)]).toEqual([
      false,
      true,
      true,
    ])
    expect(messageIn(await ann.page("/sessions?ended=browsers&count=1"))).toBe("1 browser was signed out.")
  })

  test("S48 all others are ended, and nobody else's", async () => {
    const bob = await openBrowserUnderTest(under, "bob@example.com")
    const others = [await another(), await another()]
    const answer = await ann.post("/sessions", { browser: "others" })
    expect(seeOther(answer)).toEqual([303, "/sessions?ended=browsers&count=2"])
    for (const cookie of others) expect(await isSignedIn(cookie)).toBe(false)
    expect([await isSignedIn(ann.cookie), await isSignedIn(bob.cookie)]).toEqual([true, true])
  })

  test("S47 an unknown and a foreign one get one answer, and nothing ends", async () => {
    const bob = await openBrowserUnderTest(under, "bob@example.com")
    const bobs = cookiesOf(
      await under.app.request(
        "/sign-in",
        form({ email: "bob@example.com", password: PASSWORD }, { "User-Agent": FIREFOX }),
      ),
    )
    const foreign = idIn(await bob.page("/sessions"), "Firefox on Linux")
    expect(foreign).not.toBe("")
    for (const browser of [foreign, "unknown", "\u0000", "a b"]) {
      const answer = await ann.post("/sessions", { browser })
      expect(seeOther(answer)).toEqual([303, "/sessions?ended=nothing"])
    }
    expect(await isSignedIn(bobs)).toBe(true)
  })

  test("both a program and a browser: 400, and nothing ends", async () => {
    const other = await another()
    expect((await ann.post("/sessions", { browser: "others", session: "all" })).status).toBe(400)
    expect(await isSignedIn(other)).toBe(true)
  })

  test("the page holds no browser's cookie", async () => {
    const other = await another()
    const page = await ann.page("/sessions")
    for (const cookie of [other, ann.cookie]) {
      const token = decodeURIComponent(cookie.split("=")[1] ?? "").split(".")[0]
      expect(page).not.toContain(token)
    }
  })
})

test.each([
  "ended=x",
  "ended=programs",
  "ended=programs&count=0",
  "ended=browsers&count=<b>",
  "ended=programs&count=-1",
  "ended=programs&count=9999999",
])("what the address says is never repeated: ?%s", async (query) => {
  expect(messageIn(await ann.page(`/sessions?${query}`))).toBeNull()
})
