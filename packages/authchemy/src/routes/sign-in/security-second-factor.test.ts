import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { codeOf } from "../../accounts/accounts-testing.ts"
import { type AppUnderTest, openAppUnderTest, PASSWORD } from "../testing.ts"
import { type BrowserUnderTest, formTokenIn, openBrowser, seeOther } from "./testing.ts"

let under: AppUnderTest
let browser: BrowserUnderTest
let number = 0
const PATH = "/security/second-factor"

beforeAll(async () => {
  under = await openAppUnderTest()
})
afterAll(() => under.close())
beforeEach(async () => {
  browser = openBrowser(under, await under.signIn(`ann${number++}@example.com`))
  await browser.get("/security")
})

function secretIn(page: string): string {
  const [, markup = ""] = /id="totp-secret">(.*?)<\/code>/.exec(page) ?? []
  return markup.replace(/<[^>]*>/g, "")
}
function codesIn(page: string): string[] {
  return [...page.matchAll(/<li>([a-z0-9-]{11})<\/li>/g)].map(([, code = ""]) => code)
}
async function turnOn(): Promise<string[]> {
  await browser.follow(await browser.post(PATH, { password: PASSWORD }))
  await browser.post(`${PATH}/confirm`, { code: codeOf(secretIn(browser.page), -1) })
  const codes = codesIn(browser.page)
  await browser.get("/security")
  return codes
}

test("begun, confirmed, on: the secret as picture and text, the codes once", async () => {
  expect(browser.page).toContain('Second factor <span class="tag">Off</span>')
  const begun = await browser.post(PATH, { password: PASSWORD })
  expect(seeOther(begun)).toEqual([303, "/security?done=second-factor-begun"])
  await browser.follow(begun)
  const secret = secretIn(browser.page)
  expect(secret).toMatch(/^[A-Z2-7]{16,}$/)
  expect(browser.page).toMatch(/<svg viewBox="0 0 \d+ \d+" role="img" aria-label="QR code of the secret"/)
  expect(browser.page).toMatch(/id="confirm-code"[^>]* autocomplete="one-time-code"[^>]* autofocus/)
  expect(browser.page).toContain('Second factor <span class="tag">Off</span>')

  const confirmed = await browser.post(`${PATH}/confirm`, { code: codeOf(secret) })
  expect(confirmed.status).toBe(200)
  expect(codesIn(browser.page)).toHaveLength(10)
  expect(browser.page).toContain('data-copy="#recovery-codes" hidden')
  await browser.get("/security")
  expect(browser.page).toContain('Second factor <span class="tag">On</span>')
  expect(browser.page).toContain("10 recovery codes are left.")
  expect(browser.page).not.toContain(secret.slice(0, 4))
})

test("what was begun can be finished later, out of the way until then", async () => {
  await browser.follow(await browser.post(PATH, { password: PASSWORD }))
  const secret = secretIn(browser.page)
  await browser.get("/security")
  expect(secretIn(browser.page)).toBe(secret)
  expect(browser.page).not.toMatch(/<details open>| autofocus/)
  await browser.follow(await browser.post(PATH, { password: PASSWORD }))
  expect(secretIn(browser.page)).not.toBe(secret)
})

test("a wrong code: 400, beside the field, and the picture is still there", async () => {
  await browser.follow(await browser.post(PATH, { password: PASSWORD }))
  const secret = secretIn(browser.page)
  const response = await browser.post(`${PATH}/confirm`, { code: "12345" })
  expect(response.status).toBe(400)
  expect(browser.page).toMatch(/role="alert"[^>]*><a href="#confirm-code">/)
  expect(browser.page).toContain('id="confirm-code-problem"')
  expect(secretIn(browser.page)).toBe(secret)
  expect((await browser.post(`${PATH}/confirm`, { code: codeOf(secret) })).status).toBe(200)
})

test("without the right password nothing begins, is renewed, or is turned off", async () => {
  expect((await browser.post(PATH, { password: "wrong" })).status).toBe(400)
  expect(browser.page).toContain('id="secondFactor-password-problem"')
  expect(secretIn(browser.page)).toBe("")
  await turnOn()
  expect((await browser.post(`${PATH}/recovery-codes`, { password: "wrong" })).status).toBe(400)
  expect(browser.page).toContain('id="recoveryCodes-password-problem"')
  expect((await browser.post(`${PATH}/remove`, { password: "wrong" })).status).toBe(400)
  expect(browser.page).toContain('id="removeSecondFactor-password-problem"')
  expect(browser.page).toContain('Second factor <span class="tag">On</span>')
})

test("the page of codes, loaded again, turns nothing on and shows no code", async () => {
  await browser.follow(await browser.post(PATH, { password: PASSWORD }))
  const form_token = formTokenIn(browser.page) ?? ""
  const code = codeOf(secretIn(browser.page))
  await browser.post(`${PATH}/confirm`, { code, form_token })
  expect(codesIn(browser.page)).toHaveLength(10)
  const again = await browser.post(`${PATH}/confirm`, { code, form_token })
  expect(again.status).toBe(403)
  expect(codesIn(browser.page)).toEqual([])
  await browser.get("/security")
  expect((await browser.post(`${PATH}/confirm`, { code })).status).toBe(400)
  expect(browser.page).toMatch(/role="alert"[^>]*>[^<]*on already/)
  expect(codesIn(browser.page)).toEqual([])
})

test("new recovery codes are shown once: the same form again, as a reload sends it, makes none", async () => {
  const before = await turnOn()
  const form_token = formTokenIn(browser.page) ?? ""
  const renewed = await browser.post(`${PATH}/recovery-codes`, { password: PASSWORD, form_token })
  expect(renewed.status).toBe(200)
  const codes = codesIn(browser.page)
  expect(codes).toHaveLength(10)
  expect(codes).not.toEqual(before)
  const again = await browser.post(`${PATH}/recovery-codes`, { password: PASSWORD, form_token })
  expect(again.status).toBe(409)
  expect(browser.page).toContain("This form was sent already")
  expect(codesIn(browser.page)).toEqual([])
})

test("S48 turned off: says what has ended", async () => {
  await turnOn()
  const response = await browser.post(`${PATH}/remove`, { password: PASSWORD })
  expect(seeOther(response)).toEqual([303, "/security?done=second-factor-off&ended=0"])
  await browser.follow(response)
  expect(browser.page).toContain("The second factor is off. No command-line program was signed in.")
  expect(browser.page).toContain('Second factor <span class="tag">Off</span>')
})
