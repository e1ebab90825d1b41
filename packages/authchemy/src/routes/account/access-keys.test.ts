import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type AppUnderTest, form, openAppUnderTest } from "../testing.ts"
import { type BrowserUnderTest, messageIn, openBrowserUnderTest, seeOther } from "./testing.ts"

let under: AppUnderTest
let ann: BrowserUnderTest
let bob: BrowserUnderTest

beforeAll(async () => {
  under = await openAppUnderTest()
  ann = await openBrowserUnderTest(under)
  bob = await openBrowserUnderTest(under, "bob@example.com")
})
afterAll(() => under.close())
beforeEach(async () => {
  for (const id of await idsOf(ann)) await ann.post(`/access-keys/${id}/delete`, {})
})

async function idsOf(browser: BrowserUnderTest): Promise<string[]> {
  const page = await browser.page("/access-keys")
  return Array.from(page.matchAll(/<h3 id="(key_[\w-]+)"/g), ([, id = ""]) => id)
}
const create = (fields: Record<string, string> = {}, browser = ann) =>
  browser.post("/access-keys", { name: "CI", expires: "90", ...fields })
async function createdId(browser = ann): Promise<string> {
  under.clock.now += 1000
  await create({}, browser)
  return (await idsOf(browser))[0] ?? ""
}
const me = (key: string) => under.app.request("/v1/me", { headers: { Authorization: `Bearer ${key}` } })

describe("creating a key", () => {
  test("shows it once, with a button that copies it, and it is good", async () => {
    const response = await create({ name: "CI of the <site>" })
    expect(response.status).toBe(200)
    const page = await response.text()
    const key = /<code id="key">(alchemy_ak_\w+[\w-]*)<\/code>/.exec(page)?.[1] ?? ""
    expect(page).toContain('data-copy="#key"')
    expect(page).toContain("It is not shown again")
    expect(page).toContain("CI of the &lt;site&gt;")
    expect(response.headers.get("content-security-policy")).toContain("script-src 'self'")
    expect((await me(key)).status).toBe(200)
    const list = await ann.page("/access-keys")
    expect(list).not.toContain("alchemy_ak_")
    expect(list).toContain("CI of the &lt;site&gt;")
  })

  test.each([
    ["30", 'Expires <time datetime="2026-12-23T'],
    ["90", 'Expires <time datetime="2027-02-21T'],
    ["365", 'Expires <time datetime="2027-11-23T'],
    ["never", "Never expires"],
  ])("that lives %s days says so", async (expires, text) => {
    await create({ expires })
    expect(await ann.page("/access-keys")).toContain(text)
  })

  test("the same form again, as by reloading, makes no second key and shows none", async () => {
    const fields = { name: "CI", expires: "90", form_token: await ann.formToken("/access-keys") }
    expect((await ann.post("/access-keys", fields)).status).toBe(200)
    const again = await ann.post("/access-keys", fields)
    expect(again.status).toBe(409)
    const page = await again.text()
    expect(messageIn(page, "alert")).toContain("is not shown again")
    expect(page).not.toContain("alchemy_ak_")
    expect(await idsOf(ann)).toHaveLength(1)
  })

  test("of two forms at once that are the same, one makes a key", async () => {
    const fields = { name: "CI", expires: "90", form_token: await ann.formToken("/access-keys") }
    const answers = await Promise.all([1, 2, 3, 4].map(() => ann.post("/access-keys", fields)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
    expect(await idsOf(ann)).toHaveLength(1)
  })

  test.each([
    ["no name", { name: "" }, "name", "Give the key a name."],
    ["a blank name", { name: " \u0000\u202e " }, "name", "Give the key a name."],
    [
      "a long name",
      { name: "x".repeat(101) },
      "name",
      "A name has at most 100 characters; this one has 101.",
    ],
    ["another expiry", { expires: "31" }, "expires", "Choose when the key expires."],
    ["an inherited name", { expires: "constructor" }, "expires", "Choose when the key expires."],
  ])("with %s is refused beside the field, and what was typed stays", async (_, fields, field, message) => {
    const response = await create({ name: "CI", ...fields })
    expect(response.status).toBe(400)
    const page = await response.text()
    expect(messageIn(page, "alert")).toBe(message)
    expect(page).toContain(`<a href="#${field}">`)
    expect(page).toMatch(new RegExp(`id="${field}"[^>]* aria-invalid="true"`))
    if ("name" in fields === false) expect(page).toContain('value="CI"')
    expect(await idsOf(ann)).toEqual([])
  })

  test("a form that was refused can be sent again", async () => {
    const form_token = await ann.formToken("/access-keys")
    await create({ form_token, name: "" })
    expect((await create({ form_token })).status).toBe(200)
  })

  test("S16 with an expired form token makes none: 403, and the page says what to do", async () => {
    const form_token = await ann.formToken("/access-keys")
    under.clock.now += 24 * 60 * 60 * 1000 + 1
    const response = await create({ form_token })
    expect(response.status).toBe(403)
    expect(await response.text()).toContain("Nothing was changed.")
    expect(await idsOf(ann)).toEqual([])
  })
})

describe("the list", () => {
  test("says when a key was used, and which one has expired", async () => {
    const key = /alchemy_ak_[\w-]+/.exec(await (await create({ expires: "30" })).text())?.[0] ?? ""
    expect(await ann.page("/access-keys")).toContain("never used")
    await me(key)
    under.clock.now += 3 * 60_000
    expect(await ann.page("/access-keys")).toMatch(/last used <time[^>]*>3 minutes ago/)
    under.clock.now += 31 * 86_400_000
    expect(await ann.page("/access-keys")).toContain('<span class="tag warn">expired</span>')
  })

  test("names the scopes of a key that has fewer than all", async () => {
    await create()
    expect(await ann.page("/access-keys")).not.toContain("Only for")
    const { token } = await under.tokens.createSession({
      ...{ accountId: ann.accountId, clientId: "alchemy-cli", scopes: ["keys:manage", "apps:read"] },
      ...{ device: {}, expiresInSeconds: 3600 },
    })
    const body = JSON.stringify({ name: "few", scopes: ["apps:read"] })
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" }
    await under.app.request("/v1/access-keys", { method: "POST", headers, body })
    expect(await ann.page("/access-keys")).toContain("Only for <code>apps:read</code>")
  })

  test("S14 a name with markup is shown as text, in the list and where its deletion is confirmed", async () => {
    await create({ name: `"><img src=x onerror=alert(1)>` })
    const [id] = await idsOf(ann)
    for (const path of ["/access-keys", `/access-keys/${id}/delete`]) {
      const page = await ann.page(path)
      expect(page).not.toContain("<img src=x")
      expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;")
    }
  })

  test("an unknown word in the address says nothing", async () => {
    for (const done of ["x", "__proto__", "<b>"]) {
      const page = await ann.page(`/access-keys?done=${encodeURIComponent(done)}`)
      expect(messageIn(page)).toBeNull()
    }
  })
})

describe("deleting a key", () => {
  test("is asked once more, and then the key is refused", async () => {
    const key = /alchemy_ak_[\w-]+/.exec(await (await create()).text())?.[0] ?? ""
    const [id] = await idsOf(ann)
    const path = `/access-keys/${id}/delete`
    expect(await ann.page(path)).toContain("<h1>Delete this access key?</h1>")
    expect((await me(key)).status).toBe(200)
    expect(seeOther(await ann.post(path, {}))).toEqual([303, "/access-keys?done=deleted"])
    expect((await me(key)).status).toBe(401)
    expect(messageIn(await ann.page("/access-keys?done=deleted"))).toContain("The key was deleted.")
  })

  test("S47 an unknown, a foreign and a deleted one get one answer, and nothing is deleted", async () => {
    const [own, foreign, dead] = [await createdId(), await createdId(bob), await createdId()]
    await ann.post(`/access-keys/${dead}/delete`, {})
    for (const id of [foreign, dead, "key_unknown", "%00", "x%2Fy", "x".repeat(200)]) {
      const path = `/access-keys/${id}/delete`
      const answer = await ann.post(path, {}, "/access-keys")
      expect(seeOther(answer)).toEqual([303, "/access-keys?done=nothing"])
      expect((await ann.get(path)).status).toBe(404)
    }
    expect([await idsOf(ann), await idsOf(bob)]).toEqual([[own], [foreign]])
  })

  test("S16 without its form token deletes nothing: 403", async () => {
    const id = await createdId()
    const answer = await under.app.request(`/access-keys/${id}/delete`, form({}, { Cookie: ann.cookie }))
    expect(answer.status).toBe(403)
    expect(await idsOf(ann)).toEqual([id])
  })
})
