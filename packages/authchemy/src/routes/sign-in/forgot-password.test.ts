import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { type AppUnderTest, openAppUnderTest } from "../testing.ts"
import { openBrowser } from "./testing.ts"

let under: AppUnderTest
const PATH = "/forgot-password"

beforeAll(async () => {
  under = await openAppUnderTest({ mail: true })
  await under.signIn()
})
afterAll(() => under.close())

test("the answer is the same whoever has an account; only an account gets a mail", async () => {
  const browser = openBrowser(under)
  await browser.get(`${PATH}?return_to=/login?x=1`)
  expect(browser.page).toContain('name="return_to" value="/login?x=1"')
  const answers: string[] = []
  for (const email of ["nobody@example.com", "ann@example.com"]) {
    const response = await browser.post(PATH, { email, return_to: "/login?x=1" })
    expect(response.status).toBe(200)
    answers.push(browser.page.replaceAll(email, "?"))
  }
  expect(answers[0]).toBe(answers[1])
  expect(answers[0]).toContain("<h1>Check your mail</h1>")
  expect(answers[0]).toContain('href="/sign-in?return_to=%2Flogin%3Fx%3D1"')
  await vi.waitFor(() => expect(under.mails.map(({ to }) => to)).toEqual(["ann@example.com"]))
  expect(under.mails[0]?.link).toMatch(/^http:\/\/localhost:4000\/reset-password\?token=[\w-]{43}$/)
})

test("S14 what is no email is kept as text and refused beside the field", async () => {
  const browser = openBrowser(under)
  expect((await browser.post(PATH, { email: '"><b>x</b>' })).status).toBe(400)
  expect(browser.page).not.toContain("<b>")
  expect(browser.page).toMatch(/role="alert"[^>]*><a href="#email">/)
  expect(browser.page).toContain("<title>No link was sent")
})

test("S15 the way back is checked", async () => {
  const browser = openBrowser(under)
  await browser.get(`${PATH}?return_to=//evil.example`)
  expect(browser.page).not.toContain("evil.example")
  await browser.post(PATH, { email: "nobody@example.com", return_to: "https:evil.example" })
  expect(browser.page).not.toContain("evil.example")
})

test("mail out of reach: 503 whatever the email, and what to do", async () => {
  const down = await openAppUnderTest({ mail: "down" })
  await down.signIn()
  for (const email of ["nobody@example.com", "ann@example.com"]) {
    const browser = openBrowser(down)
    const response = await browser.post(PATH, { email })
    expect(response.status).toBe(503)
    expect(browser.page).toContain("Try again in a few minutes")
    expect(browser.page).toContain("ask whoever runs this server")
  }
  await down.close()
})

test("too many requests: 429, when to try again, and the email is kept", async () => {
  const browser = openBrowser(under)
  let response = await browser.post(PATH, { email: "nobody@example.com" })
  for (let more = 0; more < 30 && response.status === 200; more++) {
    response = await browser.post(PATH, { email: "nobody@example.com" })
  }
  expect(response.status).toBe(429)
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
  expect(browser.page).toContain("Try again in")
  expect(browser.page).toContain('value="nobody@example.com"')
})

test("another site's page cannot have mail sent", async () => {
  const foreign = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }
  expect((await openBrowser(under).post(PATH, { email: "ann@example.com" }, foreign)).status).toBe(403)
})

test("without a mail server nobody is told to wait for mail, whatever the email", async () => {
  const silent = await openAppUnderTest()
  await silent.signIn()
  const browser = openBrowser(silent)
  for (const email of ["nobody@example.com", "ann@example.com"]) {
    for (const path of [PATH, "/verify-email"]) {
      expect((await browser.post(path, { email })).status).toBe(200)
      expect(browser.page).toContain("This server sends no mail.")
      expect(browser.page).not.toMatch(/on its way|spam/)
    }
  }
  await silent.close()
})
