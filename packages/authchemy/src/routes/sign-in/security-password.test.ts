import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { type AppUnderTest, openAppUnderTest, PASSWORD } from "../testing.ts"
import { type BrowserUnderTest, openBrowser, seeOther } from "./testing.ts"

let under: AppUnderTest
let browser: BrowserUnderTest
let email: string
let number = 0
const PATH = "/security/password"
const NEXT = "staple after staple"

beforeAll(async () => {
  under = await openAppUnderTest({ breached: ["password1"] })
})
afterAll(() => under.close())
beforeEach(async () => {
  email = `ann${number++}@example.com`
  browser = openBrowser(under, await under.signIn(email))
  await browser.get("/security")
})

test("S48 a new password ends every command-line session and every other browser; this one goes on, in a new session", async () => {
  const accountId = (await under.accounts.administration.findByEmail(email))?.id ?? ""
  const program = { ...ALCHEMY_GRANT, accountId, expiresInSeconds: 3600, device: {} }
  const tokens = [await under.tokens.createSession(program), await under.tokens.createSession(program)]
  const other = openBrowser(under, await under.signIn(email))
  const before = browser.cookies()
  const response = await browser.post(PATH, { current: PASSWORD, next: NEXT, username: email })
  expect(seeOther(response)).toEqual([303, "/security?done=password-changed&ended=2"])
  await browser.follow(response)
  expect(browser.page).toContain("Your password is changed. 2 command-line sessions have ended.")
  expect(browser.cookies()).not.toBe(before)
  for (const { token } of tokens) expect(await under.tokens.verify(token)).toBeNull()
  expect((await other.get("/security")).status).toBe(303)
  expect((await openBrowser(under, before).get("/security")).status).toBe(303)
})

test.each([
  [{ current: "wrong", next: NEXT }, "password-current"],
  [{ current: PASSWORD, next: "short" }, "password-next"],
  [{ current: PASSWORD, next: "password1" }, "password-next"],
])(
  "%j is refused beside %s: the form is open, the summary leads there, no password is kept",
  async (typed, id) => {
    const response = await browser.post(PATH, typed)
    expect(response.status).toBe(400)
    expect(browser.page).toContain("<title>Nothing was changed")
    expect(browser.page).toMatch(new RegExp(`role="alert" tabindex="-1" autofocus><a href="#${id}">`))
    expect(browser.page).toMatch(new RegExp(`id="${id}"[^>]* aria-invalid="true"`))
    expect(browser.page).toContain(`id="${id}-problem"`)
    expect(browser.page.match(/<details open>/g)).toHaveLength(1)
    for (const value of Object.values(typed)) expect(browser.page).not.toContain(`value="${value}"`)
    expect((await browser.post(PATH, { current: PASSWORD, next: NEXT })).status).toBe(303)
  },
)

test("too many wrong passwords: 429, and when to try again", async () => {
  let response = await browser.post(PATH, { current: "wrong", next: NEXT })
  for (let more = 0; more < 20 && response.status === 400; more++) {
    response = await browser.post(PATH, { current: "wrong", next: NEXT })
  }
  expect(response.status).toBe(429)
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
  expect(browser.page).toContain("Try again in")
})
