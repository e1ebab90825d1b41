import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { type AppUnderTest, openAppUnderTest, PASSWORD } from "../testing.ts"
import { openBrowser } from "./testing.ts"

let under: AppUnderTest
const email = "ada@example.com"

beforeAll(async () => {
  under = await openAppUnderTest({ mail: true })
  await openBrowser(under).post("/create-account", { email, name: "Ada", password: PASSWORD })
})
afterAll(() => under.close())

/** Asks for a link, and takes its token out of the mail. */
async function tokenByMail(): Promise<string> {
  under.mails.length = 0
  await openBrowser(under).post("/verify-email", { email })
  await vi.waitFor(() => expect(under.mails).toHaveLength(1))
  return new URL(under.mails[0]?.link ?? "").searchParams.get("token") ?? ""
}

test("opening a link uses nothing up; its button does, once", async () => {
  const token = await tokenByMail()
  const browser = openBrowser(under)
  for (let scan = 0; scan < 3; scan++) await browser.get(`/verify-email?token=${token}`)
  expect(browser.page).toContain(`<input type="hidden" name="token" value="${token}">`)
  expect((await browser.post("/verify-email", { token })).status).toBe(200)
  expect(browser.page).toContain("<bdi>ada@example.com</bdi> is yours")
  expect(browser.page).toContain('href="/sign-in?return_to=%2F"')
  expect((await browser.post("/verify-email", { token })).status).toBe(400)
  expect(browser.page).toContain("cannot be used any more")
  expect(browser.page).toContain('<input id="email" name="email"')
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
  for (const fields of [{ token: "x" }, { email }]) {
    expect((await openBrowser(under).post("/verify-email", fields, foreign)).status).toBe(403)
  }
})
