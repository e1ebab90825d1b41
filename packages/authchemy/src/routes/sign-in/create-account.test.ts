import { afterEach, expect, test, vi } from "vitest"
import { type AppUnderTest, openAppUnderTest, PASSWORD } from "../testing.ts"
import { openBrowser, seeOther } from "./testing.ts"

let under: AppUnderTest
afterEach(() => under.close())

const typed = { email: "ada@example.com", name: "Ada", password: PASSWORD }

test("where the email must be verified: 303 to a page that says so, nobody signed in, and a mail that leads on", async () => {
  under = await openAppUnderTest({ mustVerifyEmail: true, mail: true })
  const browser = openBrowser(under)
  const response = await browser.post("/create-account", { ...typed, return_to: "/login?x=1" })
  expect(seeOther(response)).toEqual([303, "/verify-email?sent=1&return_to=%2Flogin%3Fx%3D1"])
  await browser.follow(response)
  expect(browser.page).toContain("<h1>Check your mail</h1>")
  expect(browser.page).toContain('href="/sign-in?return_to=%2Flogin%3Fx%3D1"')
  expect(seeOther(await browser.get("/security"))[0]).toBe(303)

  // Signing in comes to the same page, until the link is opened.
  const signIn = await browser.post("/sign-in", typed)
  expect(seeOther(signIn)).toEqual([303, "/verify-email?sent=1&return_to=%2F"])
  await vi.waitFor(() => expect(under.mails.length).toBeGreaterThan(0))
  const link = new URL(under.mails[0]?.link ?? "")
  await browser.get(link.pathname + link.search)
  const form = { token: link.searchParams.get("token") ?? "", password: PASSWORD }
  await browser.follow(await browser.post("/verify-email", form))
  expect(browser.page).toContain("<h1>Email verified</h1>")
  expect(seeOther(await openBrowser(under).post("/sign-in", typed))).toEqual([303, "/"])
  // The page that said to look for the mail leads on to where the person came from.
  expect(seeOther(await browser.get("/sign-in?return_to=%2Flogin%3Fx%3D1"))).toEqual([303, "/login?x=1"])
})

test("an email that is taken is answered as any other", async () => {
  under = await openAppUnderTest({ mustVerifyEmail: true, mail: true })
  await under.signIn(typed.email)
  const response = await openBrowser(under).post("/create-account", typed)
  expect(seeOther(response)).toEqual([303, "/verify-email?sent=1&return_to=%2F"])
})

test("mail out of reach: 503, a page that says what to do, and the way back to the form", async () => {
  under = await openAppUnderTest({ mustVerifyEmail: true, mail: "down" })
  const browser = openBrowser(under)
  const response = await browser.post("/create-account", { ...typed, return_to: "/login?x=1" })
  expect(response.status).toBe(503)
  expect(browser.page).toContain("Mail cannot be sent right now")
  expect(browser.page).toContain('href="/create-account?return_to=%2Flogin%3Fx%3D1"')
})

test("only for some domains: both pages say which, and another is refused beside the field", async () => {
  under = await openAppUnderTest({ signUp: { kind: "domains", domains: ["acme.com"] }, mail: true })
  const browser = openBrowser(under)
  await browser.get("/sign-in")
  expect(browser.page).toContain("with an address at acme.com")
  await browser.get("/create-account")
  expect(browser.page).toContain("An address at acme.com.")
  const response = await browser.post("/create-account", typed)
  expect(response.status).toBe(400)
  expect(browser.page).toMatch(/id="email-problem">[^<]*acme\.com/)
  expect(browser.page).toContain('value="ada@example.com"')
  expect(browser.page).not.toContain(PASSWORD)
})

test("a password that was stolen elsewhere is refused beside its field", async () => {
  under = await openAppUnderTest({ breached: [PASSWORD] })
  const browser = openBrowser(under)
  expect((await browser.post("/create-account", typed)).status).toBe(400)
  expect(browser.page).toMatch(/id="password-problem">[^<]*stolen/)
  expect(browser.page).toContain("<title>Account not created")
})
