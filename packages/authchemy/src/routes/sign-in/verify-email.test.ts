import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { codeOf } from "../../accounts/accounts-testing.ts"
import { type AppUnderTest, openAppUnderTest, PASSWORD } from "../testing.ts"
import { openBrowser, seeOther } from "./testing.ts"

let under: AppUnderTest
const email = "ada@example.com"

beforeAll(async () => {
  under = await openAppUnderTest({ mail: true })
  await openBrowser(under).post("/create-account", { email, name: "Ada", password: PASSWORD })
})
afterAll(() => under.close())

/** Asks for a link, and takes its token out of the mail. */
async function tokenByMail(of = email): Promise<string> {
  under.mails.length = 0
  await openBrowser(under).post("/verify-email", { email: of })
  const linkSent = () => under.mails.find(({ to, link }) => to === of && link !== null)?.link
  await vi.waitFor(() => expect(linkSent()).toBeDefined())
  return new URL(linkSent() ?? "").searchParams.get("token") ?? ""
}

test("S19 opening a link uses nothing up; the account's password verifies by it, once, and signs in", async () => {
  const token = await tokenByMail()
  const browser = openBrowser(under)
  for (let scan = 0; scan < 3; scan++) await browser.get(`/verify-email?token=${token}`)
  expect(browser.page).toContain("For <bdi>ada@example.com</bdi>")
  expect(browser.page).toContain(`<input type="hidden" name="token" value="${token}">`)
  expect(browser.page).toMatch(/name="username" value="ada@example.com" autocomplete="username"[^>]* hidden>/)
  expect(browser.page).toContain('href="/forgot-password"')
  for (const [password, said] of [
    ["", "Password is needed."],
    ["not this one", "The password is wrong."],
  ] as const) {
    expect((await browser.post("/verify-email", { token, password })).status).toBe(400)
    expect(browser.page).toContain(`id="password-problem">${said}`)
    expect(browser.page).toContain("<title>Email not verified")
    expect(browser.page).not.toContain("not this one")
  }
  const done = await browser.post("/verify-email", { token, password: PASSWORD })
  expect(seeOther(done)).toEqual([303, "/verify-email?done=1"])
  await browser.follow(done)
  expect(browser.page).toContain("<bdi>ada@example.com</bdi> is yours, and you are signed in")
  expect((await browser.get("/security")).status).toBe(200)
  expect(browser.page).not.toContain("Not verified")
  expect((await browser.post("/verify-email", { token, password: PASSWORD })).status).toBe(400)
  expect(browser.page).toContain("cannot be used any more")
  expect(browser.page).toContain('<input id="email" name="email"')
  expect((await browser.get(`/verify-email?token=${token}`)).status).toBe(400)
})

test("where there is a second factor, it is asked for as well", async () => {
  const person = { email: "grace@example.com", password: PASSWORD }
  const maker = openBrowser(under)
  await maker.post("/create-account", { ...person, name: "Grace" })
  await maker.get("/security")
  await maker.follow(await maker.post("/security/second-factor", { password: PASSWORD }))
  const markup = /id="totp-secret">(.*?)<\/code>/.exec(maker.page)?.[1] ?? ""
  const code = codeOf(markup.replace(/<[^>]*>/g, ""))
  expect((await maker.post("/security/second-factor/confirm", { code })).status).toBe(200)
  const token = await tokenByMail(person.email)
  const browser = openBrowser(under)
  const next = await browser.post("/verify-email", { token, password: PASSWORD })
  const returnTo = encodeURIComponent("/verify-email?done=1")
  expect(seeOther(next)).toEqual([303, `/sign-in/second-factor?return_to=${returnTo}`])
  await browser.get("/verify-email?done=1")
  expect(browser.page).toContain("You can sign in with it now.")
  expect(browser.page).toContain('href="/sign-in?return_to=%2F"')
})

test("too many wrong passwords: 429, and when to try again", async () => {
  const person = { email: "guessed@example.com", password: PASSWORD }
  await openBrowser(under).post("/create-account", { ...person, name: "" })
  const token = await tokenByMail(person.email)
  const browser = openBrowser(under)
  for (let index = 0; index < 10; index++) {
    await browser.post("/verify-email", { token, password: "wrong wrong wrong" })
  }
  const response = await browser.post("/verify-email", { token, password: PASSWORD })
  expect(response.status).toBe(429)
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
  expect(browser.page).toMatch(/role="alert"[^>]*>Too many attempts/)
})

test("a link is asked for, and the answer is the same whoever has an account", async () => {
  const browser = openBrowser(under)
  await browser.get("/verify-email")
  expect(browser.page).toContain("<h1>Verify your email</h1>")
  const answers: string[] = []
  for (const address of [email, "nobody@example.com"]) {
    const response = await browser.post("/verify-email", { email: address })
    expect(response.status).toBe(200)
    answers.push(browser.page.replaceAll(address, "?"))
  }
  expect(answers[0]).toBe(answers[1])
  expect(answers[0]).toContain("Check your mail")
})

test("S14 what is no email is kept as text and refused beside the field", async () => {
  const browser = openBrowser(under)
  expect((await browser.post("/verify-email", { email: '"><b>x</b>' })).status).toBe(400)
  expect(browser.page).not.toContain("<b>")
  expect(browser.page).toContain('id="email-problem"')
  await browser.get(`/verify-email?${new URLSearchParams({ token: '"><b>x</b>', return_to: "//evil" })}`)
  expect(browser.page).not.toContain("<b>")
})

test("too many requests: 429, and when to try again", async () => {
  const browser = openBrowser(under)
  let response = await browser.post("/verify-email", { email: "nobody@example.com" })
  for (let more = 0; more < 30 && response.status === 200; more++) {
    response = await browser.post("/verify-email", { email: "nobody@example.com" })
  }
  expect(response.status).toBe(429)
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
  expect(browser.page).toMatch(/role="alert"[^>]*>Too many attempts\. Try again in/)
  expect(browser.page).toContain('value="nobody@example.com"')
})

test("mail out of reach: 503 and a page", async () => {
  const down = await openAppUnderTest({ mail: "down" })
  const browser = openBrowser(down)
  expect((await browser.post("/verify-email", { email })).status).toBe(503)
  expect(browser.page).toContain('href="/verify-email"')
  await down.close()
})

test("another site's page can neither verify nor have mail sent", async () => {
  const foreign = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }
  for (const fields of [{ token: "x", password: PASSWORD }, { email }]) {
    expect((await openBrowser(under).post("/verify-email", fields, foreign)).status).toBe(403)
  }
})
