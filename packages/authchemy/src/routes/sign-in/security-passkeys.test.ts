import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { createAuthenticator } from "../../accounts/passkeys/testing.ts"
import { type AppUnderTest, ISSUER, openAppUnderTest, PASSWORD } from "../testing.ts"
import { type BrowserUnderTest, objectOf, openBrowser, seeOther } from "./testing.ts"

let under: AppUnderTest
let browser: BrowserUnderTest
let number = 0
const PATH = "/security/passkeys"

beforeAll(async () => {
  under = await openAppUnderTest()
})
afterAll(() => under.close())
beforeEach(async () => {
  browser = openBrowser(under, await under.signIn(`ann${number++}@example.com`))
  await browser.get("/security")
})

async function credential(): Promise<string> {
  const options = await objectOf(await browser.post(`${PATH}/options`))
  return createAuthenticator({ origin: ISSUER, rpId: "localhost" }).create(options)
}
async function add(name: string): Promise<void> {
  under.clock.now += 1_000
  const fields = { credential: await credential(), name, password: PASSWORD }
  const response = await browser.post(PATH, fields)
  expect(seeOther(response)).toEqual([303, "/security?done=passkey-added"])
  await browser.follow(response)
}

function idsIn(page: string): string[] {
  return [...page.matchAll(/passkeys\/remove\?id=([^"]+)"/g)].map(([, id = ""]) => id)
}

test("the form is there for browsers with the script, with what it needs", () => {
  expect(browser.page).toMatch(
    /<form method="post" action="\/security\/passkeys" data-passkey="register" data-options="\/security\/passkeys\/options" hidden>/,
  )
  expect(browser.page).toMatch(/<script type="module" src="\/assets\/passkeys-/)
  expect(browser.page).toContain("There is no passkey yet.")
})

test("S14 added: listed by its name, as text, with when it was added and used", async () => {
  await add("<b>Key</b>")
  expect(browser.page).toContain("The passkey is added.")
  expect(browser.page).toContain("<bdi>&lt;b&gt;Key&lt;/b&gt;</bdi>")
  expect(browser.page).toMatch(/Added <time [^>]*>\d+ \w+ \d{4}<\/time> · never used/)
})

test("a wrong password: 400 beside its field, and the name is kept", async () => {
  const response = await browser.post(PATH, {
    credential: await credential(),
    name: "Key",
    password: "wrong",
  })
  expect(response.status).toBe(400)
  expect(browser.page).toContain('id="addPasskey-password-problem"')
  expect(browser.page).toMatch(/id="addPasskey-name"[^>]* value="Key"/)
})

test("what is no credential is refused in words", async () => {
  const response = await browser.post(PATH, { credential: "{", name: "Key", password: PASSWORD })
  expect(response.status).toBe(400)
  expect(browser.page).toMatch(/role="alert" tabindex="-1" autofocus>[A-Z]/)
})

test("S48 removed with the password, after it was asked once more which one", async () => {
  await add("First")
  await add("Second")
  const [, second = ""] = idsIn(browser.page)
  const fields = { id: second, password: PASSWORD }
  await browser.get(`${PATH}/remove?id=${second}`)
  expect(browser.page).toContain("<h1>Remove this passkey?</h1>")
  expect(browser.page).toContain("<bdi>Second</bdi>")
  expect(browser.page).toContain(`name="id" value="${second}"`)
  expect((await browser.post(`${PATH}/remove`, { ...fields, password: "wrong" })).status).toBe(400)
  expect(browser.page).toMatch(/role="alert"[^>]*><a href="#password">/)
  expect(browser.page).toContain("<bdi>Second</bdi>")
  const response = await browser.post(`${PATH}/remove`, fields)
  expect(seeOther(response)).toEqual([303, "/security?done=passkey-removed&ended=0"])
  await browser.follow(response)
  expect(browser.page).toContain("<bdi>First</bdi>")
  expect(browser.page).not.toContain("<bdi>Second</bdi>")
})

test("a passkey that is not there, or somebody else's, is refused and nothing ends", async () => {
  await add("Mine")
  const [id = ""] = idsIn(browser.page)
  const bob = openBrowser(under, await under.signIn("bob@example.com"))
  await bob.get("/security")
  for (const one of [id, "none", ""]) {
    expect(seeOther(await bob.get(`${PATH}/remove?id=${one}`))).toEqual([303, "/security"])
    await bob.get("/security")
    const response = await bob.post(`${PATH}/remove`, { id: one, password: PASSWORD })
    expect(response.status).toBe(400)
    expect(bob.page).toMatch(/role="alert" tabindex="-1" autofocus>[A-Z]/)
  }
  await browser.get("/security")
  expect(browser.page).toContain("<bdi>Mine</bdi>")
})
